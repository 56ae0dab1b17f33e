/// Something a person liked, or rated.
public struct Event: Codable, Sendable, Equatable {
    /// 1 to 256 Unicode code points, no control characters, as the item's.
    public var user: String
    /// Need not be known to the model yet.
    public var item: String
    /// -1e9 to 1e9; nil for a plain click.
    public var rating: Double?
    /// Seconds since 1970; the time of arrival when nil.
    public var time: Int?

    public init(user: String, item: String, rating: Double? = nil, time: Int? = nil) {
        self.user = user
        self.item = item
        self.rating = rating
        self.time = time
    }

    /// The fields that are read. `timestamp`, as the export and ratings files name it, is another name for `time`.
    enum Field: String, CodingKey, CaseIterable { case user, item, rating, time, timestamp }

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

/// A request of `POST /v1/events`; kept all or none.
public struct EventsRequest: Codable, Sendable, Equatable {
    public var events: [Event]

    public init(events: [Event]) { self.events = events }

    enum CodingKeys: String, CodingKey, CaseIterable { case events }

    public init(from decoder: any Decoder) throws {
        events = try decoder.fields(CodingKeys.self).decode([Event].self, forKey: .events)
    }
}

/// Said only when the events are on the disk.
public struct EventsReply: Codable, Sendable, Equatable {
    public var stored: Int

    public init(stored: Int) { self.stored = stored }
}

/// What `DELETE /v1/users/{id}` removed.
public struct DeletionReply: Codable, Sendable, Equatable {
    public var deleted: Int
    /// Whether what was removed is still in the database's log, because something was being read at the time. The service takes it out as soon as
    /// it can.
    public var pending: Bool

    public init(deleted: Int, pending: Bool = false) {
        self.deleted = deleted
        self.pending = pending
    }
}
