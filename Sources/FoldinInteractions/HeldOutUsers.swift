/// Users kept aside for judging a model, each with items to fold in and items to find.
///
/// Rows of both matrices are the same users; either may be empty for a user. A user without held-out items has no score
/// and is counted as skipped.
public struct HeldOutUsers: Sendable, Equatable {
    /// The user index in the prepared directory's numbering, a row.
    public let userIndices: [Int32]
    /// What the model is shown (`_tr`): [users, items].
    public let foldIn: InteractionMatrix
    /// What it must find (`_te`): [users, items].
    public let heldOut: InteractionMatrix

    public init(userIndices: [Int32], foldIn: InteractionMatrix, heldOut: InteractionMatrix) {
        precondition(
            userIndices.count == foldIn.userCount && foldIn.userCount == heldOut.userCount
                && foldIn.itemCount == heldOut.itemCount, "fold-in and held-out parts must describe the same users and items")
        self.userIndices = userIndices
        self.foldIn = foldIn
        self.heldOut = heldOut
    }

    public var count: Int { userIndices.count }
}
