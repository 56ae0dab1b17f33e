/// A request of `POST /v1/recommendations`.
public struct RecommendationRequest: Codable, Sendable, Equatable {
    /// Ids of the items the person liked. Repeats count once; ids the model does not know are named in the reply.
    public var history: [String]
    /// How many items to recommend; 10 when nil.
    public var top: Int?
    /// How many of the best to pass over first, to turn pages; 0 when nil.
    public var offset: Int?
    /// Items not to recommend.
    public var exclude: [String]?
    /// The only items that may be recommended; every item when nil.
    public var allow: [String]?
    /// Who asks. Decides nothing but which of two models answers, when there are two.
    public var user: String?

    public init(
        history: [String], top: Int? = nil, offset: Int? = nil, exclude: [String]? = nil, allow: [String]? = nil,
        user: String? = nil
    ) {
        self.history = history
        self.top = top
        self.offset = offset
        self.exclude = exclude
        self.allow = allow
        self.user = user
    }
}

/// An item that is recommended, or beside another.
public struct ScoredItem: Codable, Sendable, Equatable {
    public var item: String
    /// The title, where the model has one.
    public var title: String?
    /// Only the order means anything.
    public var score: Float

    public init(item: String, title: String?, score: Float) {
        self.item = item
        self.title = title
        self.score = score
    }
}

/// Which model answered.
public struct ModelTag: Codable, Sendable, Equatable {
    /// `main`, or `candidate` of two models served side by side.
    public var arm: String
    /// The first 12 hexadecimal digits of the SHA-256 of the model's file.
    public var version: String

    public init(arm: String, version: String) {
        self.arm = arm
        self.version = version
    }
}

/// What was recommended.
public struct RecommendationReply: Codable, Sendable, Equatable {
    /// Where the order of the items comes from.
    public enum Kind: String, Codable, Sendable {
        /// From the person's history.
        case personal
        /// No id of the history was known: what most training users clicked, scored by how many did. A model file that does not say
        /// how many gives what it ranks highest for an empty history.
        case popular
    }

    public var kind: Kind
    /// Best first.
    public var items: [ScoredItem]
    /// Ids of the history, the exclusions and the allowed that the model does not know, each once, in the order given.
    public var unknown: [String]
    public var model: ModelTag

    public init(kind: Kind, items: [ScoredItem], unknown: [String], model: ModelTag) {
        self.kind = kind
        self.items = items
        self.unknown = unknown
        self.model = model
    }
}

/// A request of `POST /v1/recommendations:batch`.
public struct BatchRequest: Codable, Sendable, Equatable {
    public var requests: [RecommendationRequest]

    public init(requests: [RecommendationRequest]) { self.requests = requests }
}

/// Replies in the order of the requests.
public struct BatchReply: Codable, Sendable, Equatable {
    public var replies: [RecommendationReply]

    public init(replies: [RecommendationReply]) { self.replies = replies }
}
