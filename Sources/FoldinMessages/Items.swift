/// An item and its title, where it has one.
public struct ItemSummary: Codable, Sendable, Equatable {
    public var item: String
    public var title: String?

    public init(item: String, title: String?) {
        self.item = item
        self.title = title
    }
}

/// What `GET /v1/items` found, best match first.
public struct ItemsReply: Codable, Sendable, Equatable {
    public var items: [ItemSummary]

    public init(items: [ItemSummary]) { self.items = items }
}

/// What `GET /v1/items/{id}/similar` found: nearest first, scores are cosines.
public struct SimilarReply: Codable, Sendable, Equatable {
    public var items: [ScoredItem]
    public var model: ModelTag

    public init(items: [ScoredItem], model: ModelTag) {
        self.items = items
        self.model = model
    }
}

/// A request of `POST /v1/explanations`: which items of the history speak for each of `items`?
public struct ExplanationRequest: Codable, Sendable, Equatable {
    public var history: [String]
    /// The items to explain.
    public var items: [String]
    /// How many reasons to give for each item, the strongest; all when nil.
    public var top: Int?
    /// As in `RecommendationRequest`.
    public var user: String?

    public init(history: [String], items: [String], top: Int? = nil, user: String? = nil) {
        self.history = history
        self.items = items
        self.top = top
        self.user = user
    }

    enum CodingKeys: String, CodingKey, CaseIterable { case history, items, top, user }

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
    public var item: String
    public var title: String?
    /// The score with the whole history less the score without this item; negative when it speaks against.
    public var contribution: Float

    public init(item: String, title: String?, contribution: Float) {
        self.item = item
        self.title = title
        self.contribution = contribution
    }
}

/// Why one item is recommended.
public struct Explanation: Codable, Sendable, Equatable {
    public var item: String
    public var title: String?
    /// The item's score for the whole history.
    public var score: Float
    /// The known items of the history, the strongest first; as many as were asked for.
    public var because: [Reason]

    public init(item: String, title: String?, score: Float, because: [Reason]) {
        self.item = item
        self.title = title
        self.score = score
        self.because = because
    }
}

/// Explanations of the known items, in the order asked.
public struct ExplanationReply: Codable, Sendable, Equatable {
    public var explanations: [Explanation]
    /// Ids of the history and the items that the model does not know, each once.
    public var unknown: [String]
    public var model: ModelTag

    public init(explanations: [Explanation], unknown: [String], model: ModelTag) {
        self.explanations = explanations
        self.unknown = unknown
        self.model = model
    }
}
