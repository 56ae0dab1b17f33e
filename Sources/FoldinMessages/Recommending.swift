/// A request of `POST /v1/recommendations`.
public struct RecommendationRequest: Codable, Sendable, Equatable {
    /// Ids of the items the person liked. Repeats count once; ids the model does not know are named in the reply.
    ///
    /// When empty, the events that the service keeps of `user` are used, if it keeps any.
    public var history: [String]
    /// How many items to recommend; 10 when nil.
    public var top: Int?
    /// How many of the best to pass over first, to turn pages; 0 when nil.
    public var offset: Int?
    /// Items not to recommend. An id that no served model knows is refused.
    public var exclude: [String]?
    /// The only items that may be recommended; every item when nil. Refused when no served model knows any of them.
    public var allow: [String]?
    /// Who asks. Decides which of two models answers, when there are two, and whose events are used for an empty history.
    public var user: String?

    public init(
        history: [String] = [], top: Int? = nil, offset: Int? = nil, exclude: [String]? = nil, allow: [String]? = nil,
        user: String? = nil
    ) {
        self.history = history
        self.top = top
        self.offset = offset
        self.exclude = exclude
        self.allow = allow
        self.user = user
    }

    enum CodingKeys: String, CodingKey, CaseIterable { case history, top, offset, exclude, allow, user }

    /// Only a request with a `user` may have no `history`.
    public init(from decoder: any Decoder) throws {
        let fields = try decoder.fields(CodingKeys.self)
        user = try fields.decodeIfPresent(String.self, forKey: .user)
        let history = try fields.decodeIfPresent([String].self, forKey: .history)
        guard history != nil || user != nil else {
            throw Reading.Failure(
                found: "no \"history\" at \(Reading.place(decoder.codingPath))",
                expected: "it to be there, or a \"user\" of whom events are kept")
        }
        self.history = history ?? []
        top = try fields.wholeNumber(.top)
        offset = try fields.wholeNumber(.offset)
        exclude = try fields.decodeIfPresent([String].self, forKey: .exclude)
        allow = try fields.decodeIfPresent([String].self, forKey: .allow)
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
        /// From the person's history, or the events kept of the person.
        case personal
        /// No id of the history was known: what most training users clicked, scored by how many did. A model file that does not say
        /// how many gives what it ranks highest for an empty history.
        case popular
    }

    public var kind: Kind
    /// Best first.
    public var items: [ScoredItem]
    /// Ids of the history, the exclusions and the allowed that the model does not know, each once, in the order given.
    ///
    /// Of the exclusions and the allowed these are ids that another model served beside it does know, or that stand beside known ones.
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

    enum CodingKeys: String, CodingKey, CaseIterable { case requests }

    public init(from decoder: any Decoder) throws {
        requests = try decoder.fields(CodingKeys.self).decode([RecommendationRequest].self, forKey: .requests)
    }
}

/// Replies in the order of the requests.
public struct BatchReply: Codable, Sendable, Equatable {
    public var replies: [RecommendationReply]

    public init(replies: [RecommendationReply]) { self.replies = replies }
}
