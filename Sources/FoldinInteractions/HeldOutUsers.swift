/// Users that a model is evaluated on, each with fold-in items and held-out items.
///
/// Row `i` of both matrices belongs to the same user. Either may be empty. A user without held-out items has no metrics and is counted as
/// skipped.
public struct HeldOutUsers: Sendable, Equatable {
    /// The index of each row's user in the numbering of the prepared directory.
    public let userIndices: [Int32]
    /// The items that the model gets as the history (`_tr`): [users, items].
    public let foldIn: InteractionMatrix
    /// The items that the model should rank high (`_te`): [users, items].
    public let heldOut: InteractionMatrix

    /// Creates held-out users; both matrices must have one row for each of `userIndices` and the same items.
    public init(userIndices: [Int32], foldIn: InteractionMatrix, heldOut: InteractionMatrix) {
        precondition(
            userIndices.count == foldIn.userCount && foldIn.userCount == heldOut.userCount
                && foldIn.itemCount == heldOut.itemCount, "fold-in and held-out parts must describe the same users and items")
        self.userIndices = userIndices
        self.foldIn = foldIn
        self.heldOut = heldOut
    }

    /// The number of users.
    public var count: Int { userIndices.count }

    /// The users with held-out items; of more than `most` some at even distances.
    package func evaluated(atMost most: Int) -> HeldOutUsers {
        let rows = (0..<count).filter { !heldOut.row($0).isEmpty }
        let distance = max(1, (rows.count + most - 1) / most)
        let chosen = stride(from: 0, to: rows.count, by: distance).map { rows[$0] }
        return HeldOutUsers(
            userIndices: chosen.map { userIndices[$0] }, foldIn: foldIn.selecting(chosen), heldOut: heldOut.selecting(chosen))
    }
}
