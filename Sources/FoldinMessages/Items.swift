/// An item and its title.
public struct ItemSummary: Codable, Sendable, Equatable {
    /// The item's id.
    public var item: String
    /// The title, if the model has one.
    public var title: String?

    /// A summary with these values.
    public init(item: String, title: String?) {
        self.item = item
        self.title = title
    }
}

/// The reply to `GET /v1/items`.
public struct ItemsReply: Codable, Sendable, Equatable {
    /// The items that were found, the best match first.
    public var items: [ItemSummary]

    /// A reply with these items.
    public init(items: [ItemSummary]) { self.items = items }
}

/// The reply to `GET /v1/items/{id}/similar`.
public struct SimilarReply: Codable, Sendable, Equatable {
    /// The most similar items, best first; the scores are cosines.
    public var items: [ScoredItem]
    /// The model that answered.
    public var model: ModelTag

    /// A reply with these values.
    public init(items: [ScoredItem], model: ModelTag) {
        self.items = items
        self.model = model
    }
}

/// A request of `POST /v1/explanations`: how much each item of the history adds to the scores of some items.
public struct ExplanationRequest: Codable, Sendable, Equatable {
    /// Ids of the items that the user liked, 1 to 500. Ids that the model does not know are named in the reply.
    public var history: [String]
    /// Ids of the items to explain, 1 to 500.
    public var items: [String]
    /// How many reasons to return for each item, the strongest; all when nil.
    public var top: Int?
    /// As in ``RecommendationRequest``.
    public var user: String?

    /// A request with these values, which are not checked.
    public init(history: [String], items: [String], top: Int? = nil, user: String? = nil) {
        self.history = history
        self.items = items
        self.top = top
        self.user = user
    }

    enum CodingKeys: String, CodingKey, CaseIterable { case history, items, top, user }

    /// Decodes an object with the fields `history`, `items`, `top` and `user`.
    ///
    /// - Throws: ``Reading/Failure`` for an unknown field; `DecodingError`.
    public init(from decoder: any Decoder) throws {
        let fields = try decoder.fields(CodingKeys.self)
        history = try fields.decode([String].self, forKey: .history)
        items = try fields.decode([String].self, forKey: .items)
        top = try fields.wholeNumber(.top)
        user = try fields.decodeIfPresent(String.self, forKey: .user)
    }
}

/// An item of the history and what it adds to a score.
public struct Reason: Codable, Sendable, Equatable {
    /// The item's id.
    public var item: String
    /// The title, if the model has one.
    public var title: String?
    /// The score for the whole history minus the score without this item. Negative if the item lowers the score.
    public var contribution: Float

    /// A reason with these values.
    public init(item: String, title: String?, contribution: Float) {
        self.item = item
        self.title = title
        self.contribution = contribution
    }
}

/// Why one item is recommended.
public struct Explanation: Codable, Sendable, Equatable {
    /// The item's id.
    public var item: String
    /// The title, if the model has one.
    public var title: String?
    /// The item's score for the whole history.
    public var score: Float
    /// The items of the history that the model knows, the strongest first; as many as were requested.
    public var because: [Reason]

    /// An explanation with these values.
    public init(item: String, title: String?, score: Float, because: [Reason]) {
        self.item = item
        self.title = title
        self.score = score
        self.because = because
    }
}

/// The reply to `POST /v1/explanations`.
public struct ExplanationReply: Codable, Sendable, Equatable {
    /// Explanations of the items that the model knows, in the order of the request.
    public var explanations: [Explanation]
    /// Ids of the history and the items that the model does not know, each once.
    public var unknown: [String]
    /// The model that answered.
    public var model: ModelTag

    /// A reply with these values.
    public init(explanations: [Explanation], unknown: [String], model: ModelTag) {
        self.explanations = explanations
        self.unknown = unknown
        self.model = model
    }
}
