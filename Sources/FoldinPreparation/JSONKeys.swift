/// Which keys of JSON objects hold what. Keys inside other objects are joined by points, as `business.id`; where a key leads into an array,
/// as `items.item_id`, each of the array's elements is a row.
public struct JSONKeys: Sendable, Equatable {
    /// The user id.
    public var user: String
    /// The item id.
    public var item: String
    /// The rating, or nil if every object is a click.
    public var rating: String?
    /// The time of the interaction: a number, such as seconds since 1970, or ISO 8601. Read on request only.
    public var timestamp: String?

    /// Keys of JSON objects.
    public init(user: String, item: String, rating: String? = nil, timestamp: String? = nil) {
        self.user = user
        self.item = item
        self.rating = rating
        self.timestamp = timestamp
    }
}
