import FoldinKernels

/// The contents of a prepared directory: what can be written before any matrix is made.
public struct PreparedFiles: Sendable {
    public var rows: PreparedRows
    /// Users with an index below this are for training.
    public var trainUserCount: Int
    /// Raw ids in index order, without repeats.
    public var items: [String]
    public var users: [String]
    /// A title an item, where one is known; empty when no titles were given.
    public var titles: [String?]
    public var preparation: PreparationRecord?

    public init(
        rows: PreparedRows, trainUserCount: Int, items: [String], users: [String], titles: [String?] = [],
        preparation: PreparationRecord? = nil
    ) {
        self.rows = rows
        self.trainUserCount = trainUserCount
        self.items = items
        self.users = users
        self.titles = titles
        self.preparation = preparation
    }
}

extension PreparedDataset {
    /// The dataset that a prepared directory holds, with its matrices.
    public init(_ files: PreparedFiles, workers: Workers = Workers()) {
        self.init(
            rows: files.rows, trainUserCount: files.trainUserCount, items: Vocabulary(files.items),
            users: Vocabulary(files.users),
            titles: files.titles, preparation: files.preparation, workers: workers)
    }
}
