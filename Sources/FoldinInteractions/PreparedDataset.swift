import FoldinKernels

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
    /// The interactions in the order of the files, where it matters and is known; otherwise user by user.
    public let rows: PreparedRows?

    public init(
        train: InteractionMatrix, validation: HeldOutUsers, test: HeldOutUsers, items: Vocabulary, users: Vocabulary,
        titles: [String?] = [], preparation: PreparationRecord? = nil, rows: PreparedRows? = nil
    ) {
        self.train = train
        self.validation = validation
        self.test = test
        self.items = items
        self.users = users
        self.titles = titles
        self.preparation = preparation
        self.rows = rows
    }

    /// A dataset from its rows, which it keeps in their order unless `keepingOrder` is false.
    ///
    /// Indices must be in range of the vocabularies and of `trainUserCount`. A user is held out who has a row in either
    /// part.
    public init(
        rows: PreparedRows, trainUserCount: Int, items: Vocabulary, users: Vocabulary, titles: [String?] = [],
        preparation: PreparationRecord? = nil, keepingOrder: Bool = true, workers: Workers = Workers()
    ) {
        self.init(
            train: InteractionMatrix(
                users: rows.train.users, items: rows.train.items, userCount: trainUserCount, itemCount: items.count,
                workers: workers),
            validation: HeldOutUsers(
                foldIn: rows.validationFoldIn, heldOut: rows.validationHeldOut, userCount: users.count, itemCount: items.count,
                workers: workers),
            test: HeldOutUsers(
                foldIn: rows.testFoldIn, heldOut: rows.testHeldOut, userCount: users.count, itemCount: items.count,
                workers: workers),
            items: items, users: users, titles: titles, preparation: preparation, rows: keepingOrder ? rows : nil)
    }
}

extension PreparedDataset {
    /// The names of the files of a prepared directory.
    enum FileName {
        static let train = "train.csv"
        static let validationFoldIn = "validation_tr.csv"
        static let validationHeldOut = "validation_te.csv"
        static let testFoldIn = "test_tr.csv"
        static let testHeldOut = "test_te.csv"
        static let items = "unique_sid.txt"
        static let users = "unique_uid.txt"
        static let titles = "titles.csv"
        static let preparation = "prepare.json"

        static let all: Set = [
            train, validationFoldIn, validationHeldOut, testFoldIn, testHeldOut, items, users, titles, preparation,
        ]
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
    /// What was left out beside what `counts` has: `rows-of-dropped-items`, `rows-of-dropped-users`, and how
    /// many `items` and `users` those were. Known after preparing only: it is not written to `prepare.json`.
    public var dropped: [String: Int] = [:]
    /// Where the directory that was replaced is kept, because it had something else in it than files of a prepared directory; nil as a
    /// rule. Not written to `prepare.json`.
    public var kept: String?

    private enum CodingKeys: String, CodingKey { case sources, options, counts }

    /// Whether both would be written as the same `prepare.json`.
    public static func == (first: PreparationRecord, second: PreparationRecord) -> Bool {
        first.sources == second.sources && first.options == second.options && first.counts == second.counts
    }

    public init(sources: [Source], options: [String: String], counts: [String: Int]) {
        self.sources = sources
        self.options = options
        self.counts = counts
    }
}
