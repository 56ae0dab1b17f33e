import FoldinKernels

/// The contents of a prepared directory as rows and lists, without matrices.
public struct PreparedFiles: Sendable {
    /// The interactions in the order of the files.
    public var rows: PreparedRows
    /// The number of training users; their indices come first.
    public var trainUserCount: Int
    /// Raw item ids in index order, without duplicates.
    public var items: [String]
    /// Raw user ids in index order, without duplicates.
    public var users: [String]
    /// The title of each item, nil where it is not known; empty if there are no titles.
    public var titles: [String?]
    /// How the dataset was prepared; nil if that is not known.
    public var preparation: PreparationRecord?

    /// Creates the contents of a directory; the parameters are the properties of the same names.
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
    /// Creates the dataset of a prepared directory, with its matrices.
    public init(_ files: PreparedFiles, workers: Workers = Workers()) {
        self.init(
            rows: files.rows, trainUserCount: files.trainUserCount, items: Vocabulary(files.items),
            users: Vocabulary(files.users),
            titles: files.titles, preparation: files.preparation, workers: workers)
    }
}
