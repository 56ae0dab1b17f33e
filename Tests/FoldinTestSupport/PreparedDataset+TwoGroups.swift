import FoldinInteractions

extension PreparedDataset {
    /// A dataset that any model but popularity must learn: users of an even index click items of an even index only, others odd ones.
    ///
    /// A training user has up to six of the 24 items, a held-out user three to fold in and the other nine of the group held out. Item `i` has
    /// the id "i<i>" and the title "Title <i>"; user `u` has the id "u<u>".
    public static func twoGroups(trainingUsers: Int = 50, validationUsers: Int = 8, testUsers: Int = 10) -> PreparedDataset {
        let itemCount = 24
        let train = (0..<trainingUsers).map { user in
            (0..<6).map { (user + 2 * (user * 5 + $0 * $0 + $0)) % itemCount / 2 * 2 + user % 2 }
        }
        func heldOut(_ users: Range<Int>) -> HeldOutUsers {
            let foldIn = users.map { user in [0, 3, 7].map { ($0 + user) % 12 * 2 + user % 2 } }
            let heldOut = zip(users, foldIn).map { user, foldIn in
                stride(from: user % 2, to: itemCount, by: 2).filter { !foldIn.contains($0) }
            }
            return HeldOutUsers(
                userIndices: users.map { Int32($0) }, foldIn: InteractionMatrix(rows: foldIn, itemCount: itemCount),
                heldOut: InteractionMatrix(rows: heldOut, itemCount: itemCount))
        }
        let validation = trainingUsers..<trainingUsers + validationUsers
        let test = validation.upperBound..<validation.upperBound + testUsers
        return PreparedDataset(
            train: InteractionMatrix(rows: train, itemCount: itemCount), validation: heldOut(validation), test: heldOut(test),
            items: Vocabulary((0..<itemCount).map { "i\($0)" }), users: Vocabulary((0..<test.upperBound).map { "u\($0)" }),
            titles: (0..<itemCount).map { "Title \($0)" })
    }
}
