import FoldinKernels

/// A dataset for training and evaluation: what `foldin prepare` writes and every later stage reads.
public struct PreparedDataset: Sendable {
    /// The training interactions, [users, items]; every item has at least one unless the split was supplied.
    public let train: InteractionMatrix
    /// Users for choosing the epoch and the options.
    public let validation: HeldOutUsers
    /// Users for the final metrics.
    public let test: HeldOutUsers
    /// Raw item ids in index order.
    public let items: Vocabulary
    /// Raw user ids in index order: training users, then validation, then test (for a supplied split: all users).
    public let users: Vocabulary
    /// The title of each item, nil where it is not known; empty if there are no titles.
    public let titles: [String?]
    /// How the dataset was prepared; nil for a directory made by another tool.
    public let preparation: PreparationRecord?
    /// The interactions in the order of the files; nil if that order is not known or not needed.
    public let rows: PreparedRows?

    /// Creates a dataset from its parts; the parameters are the properties of the same names.
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

    /// Creates a dataset from its rows. It keeps them in their order unless `keepingOrder` is false.
    ///
    /// Indices must be in range of the vocabularies and of `trainUserCount`. A user with a fold-in or a held-out row is a held-out user.
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

/// The contents of `prepare.json`: the source files of a prepared dataset, the options and the counts.
public struct PreparationRecord: Sendable, Codable, Equatable {
    /// A source file.
    public struct Source: Sendable, Codable, Equatable {
        /// The file's name without its directory.
        public var name: String
        /// The SHA-256 of its bytes as stored, in hexadecimal.
        public var sha256: String
        /// The format that it was read in.
        public var format: String

        /// Creates a source; the parameters are the properties of the same names.
        public init(name: String, sha256: String, format: String) {
            self.name = name
            self.sha256 = sha256
            self.format = format
        }
    }

    /// The files that the dataset was made of.
    public var sources: [Source]
    /// Options as the command takes them, without leading dashes, for example `["rating-above": "3.5"]`.
    public var options: [String: String]
    /// Counts by name: `rows`, `duplicates`, `interactions`, `users`, `items`, `train-interactions` and so on.
    public var counts: [String: Int]
    /// Further counts of what was left out: `rows-of-dropped-items`, `rows-of-dropped-users`, and the numbers of these `items` and
    /// `users`. Set by a preparation; not written to `prepare.json`.
    public var dropped: [String: Int] = [:]
    /// Where the replaced directory is kept because it had other files in it than those of a prepared directory; usually nil. Not written
    /// to `prepare.json`.
    public var kept: String?

    private enum CodingKeys: String, CodingKey { case sources, options, counts }

    /// Whether both would be written as the same `prepare.json`.
    public static func == (first: PreparationRecord, second: PreparationRecord) -> Bool {
        first.sources == second.sources && first.options == second.options && first.counts == second.counts
    }

    /// Creates a record; the parameters are the properties of the same names.
    public init(sources: [Source], options: [String: String], counts: [String: Int]) {
        self.sources = sources
        self.options = options
        self.counts = counts
    }
}
