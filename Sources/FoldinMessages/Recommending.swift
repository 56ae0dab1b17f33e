/// A request of `POST /v1/recommendations`.
public struct RecommendationRequest: Codable, Sendable, Equatable {
    /// Ids of the items that the user liked, at most 10,000. Repeated ids count once; ids that the model does not know are named in the reply.
    ///
    /// When empty, the stored events of ``user`` are used, if the service stores events.
    public var history: [String]
    /// How many items to recommend, 1 to 1,000; 10 when nil.
    public var top: Int?
    /// How many of the best items to skip, for further pages; 0 when nil.
    public var offset: Int?
    /// Items not to recommend. An id that no served model knows is refused.
    public var exclude: [String]?
    /// The only items that may be recommended; every item when nil. Refused when no served model knows any of them.
    public var allow: [String]?
    /// The user's id. It decides which of two models answers, and whose events are used for an empty history.
    public var user: String?

    /// A request with these values, which are not checked.
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

    /// Decodes an object with the fields `history`, `top`, `offset`, `exclude`, `allow` and `user`. One of `history` and `user` is required.
    ///
    /// - Throws: ``Reading/Failure`` for an unknown field or if both are absent; `DecodingError`.
    public init(from decoder: any Decoder) throws {
        let fields = try decoder.fields(CodingKeys.self)
        user = try fields.decodeIfPresent(String.self, forKey: .user)
        let history = try fields.decodeIfPresent([String].self, forKey: .history)
        guard history != nil || user != nil else {
            throw Reading.Failure(
                found: "no \"history\" at \(Reading.place(decoder.codingPath))",
                expected: "that field, or a \"user\" with stored events")
        }
        self.history = history ?? []
        top = try fields.wholeNumber(.top)
        offset = try fields.wholeNumber(.offset)
        exclude = try fields.decodeIfPresent([String].self, forKey: .exclude)
        allow = try fields.decodeIfPresent([String].self, forKey: .allow)
    }
}

/// An item with its score.
public struct ScoredItem: Codable, Sendable, Equatable {
    /// The item's id.
    public var item: String
    /// The title, if the model has one.
    public var title: String?
    /// The score. Only the order of scores has a meaning.
    public var score: Float

    /// An item with these values.
    public init(item: String, title: String?, score: Float) {
        self.item = item
        self.title = title
        self.score = score
    }
}

/// Identifies the model that answered.
public struct ModelTag: Codable, Sendable, Equatable {
    /// `main`, or `candidate` for the second of two models.
    public var arm: String
    /// The first 12 hexadecimal digits of the SHA-256 of the model file.
    public var version: String

    /// A tag with these values.
    public init(arm: String, version: String) {
        self.arm = arm
        self.version = version
    }
}

/// The reply to a request for recommendations.
public struct RecommendationReply: Codable, Sendable, Equatable {
    /// What the order of the items is based on.
    public enum Kind: String, Codable, Sendable {
        /// The history of the user, or the stored events.
        case personal
        /// The popularity of items, because the model knows no id of the history. The score is the number of training users who clicked the
        /// item, or, if the model file does not have that, the score for an empty history.
        case popular
    }

    /// What the order is based on.
    public var kind: Kind
    /// The items, best first.
    public var items: [ScoredItem]
    /// Ids in `history`, `exclude` and `allow` that the model does not know, each once, in the order of the request.
    ///
    /// An unknown id in `exclude` is one that another served model knows; one in `allow` is accompanied by known ones. Other requests with
    /// such ids are refused.
    public var unknown: [String]
    /// The model that answered.
    public var model: ModelTag

    /// A reply with these values.
    public init(kind: Kind, items: [ScoredItem], unknown: [String], model: ModelTag) {
        self.kind = kind
        self.items = items
        self.unknown = unknown
        self.model = model
    }
}

/// A request of `POST /v1/recommendations:batch`.
public struct BatchRequest: Codable, Sendable, Equatable {
    /// At most 256 requests.
    public var requests: [RecommendationRequest]

    /// A batch of these requests.
    public init(requests: [RecommendationRequest]) { self.requests = requests }

    enum CodingKeys: String, CodingKey, CaseIterable { case requests }

    /// Decodes an object with the field `requests`.
    ///
    /// - Throws: ``Reading/Failure`` for an unknown field; `DecodingError`.
    public init(from decoder: any Decoder) throws {
        requests = try decoder.fields(CodingKeys.self).decode([RecommendationRequest].self, forKey: .requests)
    }
}

/// The reply to `POST /v1/recommendations:batch`.
public struct BatchReply: Codable, Sendable, Equatable {
    /// The replies in the order of the requests.
    public var replies: [RecommendationReply]

    /// A reply with these replies.
    public init(replies: [RecommendationReply]) { self.replies = replies }
}
