/// A dataset ready for training and judging: what `foldin prepare` writes and every later stage reads.
public struct PreparedDataset: Sendable {
    /// Training users by items; every item has at least one interaction unless the split was given.
    public let train: InteractionMatrix
    /// Users for choosing the epoch and the options.
    public let validation: HeldOutUsers
    /// Users for the final figures.
    public let test: HeldOutUsers
    /// Raw item ids in index order.
    public let items: Vocabulary
    /// Raw user ids in index order: training users, then validation, then test (for a given split: all users).
    public let users: Vocabulary
    /// A title an item, where one is known; empty when no titles were given.
    public let titles: [String?]
    /// How it was made; nil for a directory made by other tools.
    public let preparation: PreparationRecord?

    public init(
        train: InteractionMatrix, validation: HeldOutUsers, test: HeldOutUsers, items: Vocabulary, users: Vocabulary,
        titles: [String?] = [], preparation: PreparationRecord? = nil
    ) {
        self.train = train
        self.validation = validation
        self.test = test
        self.items = items
        self.users = users
        self.titles = titles
        self.preparation = preparation
    }
}

/// The contents of `prepare.json`: where a prepared dataset came from and what was done to it.
public struct PreparationRecord: Sendable, Codable, Equatable {
    /// A file that was read.
    public struct Source: Sendable, Codable, Equatable {
        /// The file's name without its folder.
        public var name: String
        /// SHA-256 of its bytes as stored, in hexadecimal.
        public var sha256: String
        /// The format it was read as.
        public var format: String

        public init(name: String, sha256: String, format: String) {
            self.name = name
            self.sha256 = sha256
            self.format = format
        }
    }

    public var sources: [Source]
    /// Options as the command takes them, without leading dashes, for example `["rating-above": "3.5"]`.
    public var options: [String: String]
    /// Counts by name: `rows`, `duplicates`, `interactions`, `users`, `items`, `train-interactions` and so on.
    public var counts: [String: Int]

    public init(sources: [Source], options: [String: String], counts: [String: Int]) {
        self.sources = sources
        self.options = options
        self.counts = counts
    }
}
