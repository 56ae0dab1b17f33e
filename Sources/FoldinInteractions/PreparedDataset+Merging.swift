extension PreparedDataset {
    /// Whether the validation users are training users with some of their clicks held out, and not users that training leaves out.
    public var validatesTrainingUsers: Bool {
        validation.count > 0 && validation.userIndices.allSatisfy { Int($0) < train.userCount }
    }

    /// The same dataset with the clicks of the validation users among the training clicks, and no validation users: for the last training of a
    /// model whose options are chosen.
    ///
    /// Held-out clicks of a training user are added to that user's; other validation users are added as training users, in their order. Items
    /// and test users are the same.
    public func trainingOnValidation() -> PreparedDataset {
        var rows = (0..<train.userCount).map { Array(train.row($0)) }
        for (row, user) in validation.userIndices.enumerated() {
            let clicks = Array(validation.foldIn.row(row)) + validation.heldOut.row(row)
            if Int(user) < train.userCount {
                rows[Int(user)] = Array(Set(rows[Int(user)] + clicks)).sorted()
            } else {
                rows.append(Array(Set(clicks)).sorted())
            }
        }
        let starts = rows.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1.count) }
        let none = InteractionMatrix(rowStarts: [0], columns: [], itemCount: train.itemCount)
        return PreparedDataset(
            train: InteractionMatrix(rowStarts: starts, columns: rows.flatMap(\.self), itemCount: train.itemCount),
            validation: HeldOutUsers(userIndices: [], foldIn: none, heldOut: none), test: test, items: items, users: users,
            titles: titles, preparation: preparation)
    }
}
