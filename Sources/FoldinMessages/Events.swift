/// A user liked or rated an item.
public struct Event: Codable, Sendable, Equatable {
    /// The user's id: 1 to 256 Unicode code points without control characters. Blanks around it are ignored.
    public var user: String
    /// The item's id, with the same rules. The model need not know it.
    public var item: String
    /// -1e9 to 1e9; nil for a click without a rating.
    public var rating: Double?
    /// Seconds since 1970, before the year 10000; nil for the time of arrival.
    public var time: Int?

    /// An event with these values, which are not checked.
    public init(user: String, item: String, rating: Double? = nil, time: Int? = nil) {
        self.user = user
        self.item = item
        self.rating = rating
        self.time = time
    }

    /// The fields in JSON. `timestamp`, the name in exports and ratings files, is another name for `time`.
    enum Field: String, CodingKey, CaseIterable { case user, item, rating, time, timestamp }

    /// Decodes an object with the fields `user`, `item`, `rating` and `time` or `timestamp`.
    ///
    /// - Throws: ``Reading/Failure`` for an unknown field and for a time that is neither whole seconds nor ISO 8601; `DecodingError`.
    public init(from decoder: any Decoder) throws {
        let fields = try decoder.fields(Field.self)
        user = try fields.decode(String.self, forKey: .user)
        item = try fields.decode(String.self, forKey: .item)
        rating = try fields.number(.rating)
        let (time, timestamp) = (try fields.seconds(.time), try fields.seconds(.timestamp))
        if let time, let timestamp, time != timestamp {
            throw Reading.Failure(
                found: "\(timestamp) at \(fields.place(.timestamp)) and \(time) at \(fields.place(.time))",
                expected: "one of the two")
        }
        self.time = time ?? timestamp
    }
}

/// A request of `POST /v1/events`. All of its events are stored, or none.
public struct EventsRequest: Codable, Sendable, Equatable {
    /// 1 to 1,000 events.
    public var events: [Event]

    /// A request with these events.
    public init(events: [Event]) { self.events = events }

    enum CodingKeys: String, CodingKey, CaseIterable { case events }

    /// Decodes an object with the field `events`.
    ///
    /// - Throws: ``Reading/Failure`` for an unknown field; `DecodingError`.
    public init(from decoder: any Decoder) throws {
        events = try decoder.fields(CodingKeys.self).decode([Event].self, forKey: .events)
    }
}

/// The reply to `POST /v1/events`, sent when the events are on the disk.
public struct EventsReply: Codable, Sendable, Equatable {
    /// The number of events that were stored.
    public var stored: Int

    /// A reply with this number.
    public init(stored: Int) { self.stored = stored }
}

/// The reply to `DELETE /v1/users/{id}`.
public struct DeletionReply: Codable, Sendable, Equatable {
    /// The number of events that were removed.
    public var deleted: Int
    /// Whether the log of the database still has a copy of them, because the database was being read. The service erases it as soon as it can.
    public var pending: Bool

    /// A reply with these values.
    public init(deleted: Int, pending: Bool = false) {
        self.deleted = deleted
        self.pending = pending
    }
}
