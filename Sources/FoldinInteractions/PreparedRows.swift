import FoldinKernels

/// The interactions of a prepared dataset in the order in which its files list them.
///
/// The matrices of `PreparedDataset` sort each user's items; the exchange layout keeps the input's order.
public struct PreparedRows: Sendable, Equatable {
    /// One file: parallel lists of user and item indices.
    public struct Part: Sendable, Equatable {
        public var users: [Int32]
        public var items: [Int32]

        public init(users: [Int32] = [], items: [Int32] = []) {
            precondition(users.count == items.count, "\(users.count) users cannot be paired with \(items.count) items")
            self.users = users
            self.items = items
        }

        public var count: Int { users.count }
    }

    public var train: Part
    public var validationFoldIn: Part
    public var validationHeldOut: Part
    public var testFoldIn: Part
    public var testHeldOut: Part

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
    /// The rows of matrices, user by user with ascending items: the order when no other is known.
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
    /// The users who have a row in either part, ascending, with their items.
    ///
    /// `userCount` bounds the user indices and `itemCount` the item indices.
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
