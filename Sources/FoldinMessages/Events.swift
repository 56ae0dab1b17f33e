/// Something a person liked.
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
}

/// A request of `POST /v1/events`; kept all or none.
public struct EventsRequest: Codable, Sendable, Equatable {
    public var events: [Event]

    public init(events: [Event]) { self.events = events }
}

/// Said only when the events are on the disk.
public struct EventsReply: Codable, Sendable, Equatable {
    public var stored: Int

    public init(stored: Int) { self.stored = stored }
}

/// What `DELETE /v1/users/{id}` removed.
public struct DeletionReply: Codable, Sendable, Equatable {
    public var deleted: Int

    public init(deleted: Int) { self.deleted = deleted }
}
