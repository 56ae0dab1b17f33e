import FoldinKernels

/// The interactions of a prepared dataset in the order of its files.
///
/// The matrices of `PreparedDataset` sort each user's items; the files keep the order of the input.
public struct PreparedRows: Sendable, Equatable {
    /// The rows of one file, as parallel lists of indices.
    public struct Part: Sendable, Equatable {
        /// The user index of each row.
        public var users: [Int32]
        /// The item index of each row.
        public var items: [Int32]

        /// Creates a part; both lists must have the same length.
        public init(users: [Int32] = [], items: [Int32] = []) {
            precondition(users.count == items.count, "\(users.count) users cannot be paired with \(items.count) items")
            self.users = users
            self.items = items
        }

        /// The number of rows.
        public var count: Int { users.count }
    }

    /// The rows of `train.csv`.
    public var train: Part
    /// The rows of `validation_tr.csv`.
    public var validationFoldIn: Part
    /// The rows of `validation_te.csv`.
    public var validationHeldOut: Part
    /// The rows of `test_tr.csv`.
    public var testFoldIn: Part
    /// The rows of `test_te.csv`.
    public var testHeldOut: Part

    /// Creates rows; the parameters are the properties of the same names.
    public init(
        train: Part, validationFoldIn: Part = Part(), validationHeldOut: Part = Part(), testFoldIn: Part = Part(),
        testHeldOut: Part = Part()
    ) {
        self.train = train
        self.validationFoldIn = validationFoldIn
        self.validationHeldOut = validationHeldOut
        self.testFoldIn = testFoldIn
        self.testHeldOut = testHeldOut
    }
}

extension PreparedRows {
    /// The rows of a dataset's matrices, user by user with ascending items.
    init(of dataset: PreparedDataset) {
        self.init(
            train: Part(dataset.train, users: (0..<Int32(dataset.train.userCount)).map { $0 }),
            validationFoldIn: Part(dataset.validation.foldIn, users: dataset.validation.userIndices),
            validationHeldOut: Part(dataset.validation.heldOut, users: dataset.validation.userIndices),
            testFoldIn: Part(dataset.test.foldIn, users: dataset.test.userIndices),
            testHeldOut: Part(dataset.test.heldOut, users: dataset.test.userIndices))
    }
}

extension PreparedRows.Part {
    /// The interactions of a matrix; `users` has the user index of each row.
    init(_ matrix: InteractionMatrix, users: [Int32]) {
        var repeated: [Int32] = []
        repeated.reserveCapacity(matrix.count)
        for row in 0..<matrix.userCount {
            repeated.append(contentsOf: repeatElement(users[row], count: matrix.row(row).count))
        }
        self.init(users: repeated, items: matrix.columns)
    }
}

extension HeldOutUsers {
    /// Creates held-out users from rows: all users who have a row in either part, ascending.
    ///
    /// User indices must be below `userCount` and item indices below `itemCount`.
    public init(
        foldIn: PreparedRows.Part, heldOut: PreparedRows.Part, userCount: Int, itemCount: Int, workers: Workers = Workers()
    ) {
        var rows = [Int32](repeating: -1, count: userCount)
        for user in foldIn.users { rows[Int(user)] = 0 }
        for user in heldOut.users { rows[Int(user)] = 0 }
        var present: [Int32] = []
        for user in 0..<userCount where rows[user] == 0 {
            rows[user] = Int32(present.count)
            present.append(Int32(user))
        }
        func matrix(_ part: PreparedRows.Part) -> InteractionMatrix {
            InteractionMatrix(
                users: part.users.map { rows[Int($0)] }, items: part.items, userCount: present.count, itemCount: itemCount,
                workers: workers)
        }
        self.init(userIndices: present, foldIn: matrix(foldIn), heldOut: matrix(heldOut))
    }
}
