import FoldinInteractions

/// Two groups of people and two of items: everybody clicks items of the own group only. Any model but popularity must learn it.
enum Tastes {
    static let itemCount = 24

    static func dataset(validationUsers: Int = 10) -> PreparedDataset {
        let train = (0..<60).map { user in (0..<6).map { (user / 2 * 5 + $0 * $0 + $0) % 12 * 2 + user % 2 } }
        func heldOut(_ users: Range<Int>) -> HeldOutUsers {
            let shown = users.map { user in [0, 3, 7].map { ($0 + user) % 12 * 2 + user % 2 } }
            let hidden = zip(users, shown).map { user, shown in
                stride(from: user % 2, to: itemCount, by: 2).filter { !shown.contains($0) }
            }
            return HeldOutUsers(
                userIndices: users.map { Int32($0) }, foldIn: InteractionMatrix(rows: shown, itemCount: itemCount),
                heldOut: InteractionMatrix(rows: hidden, itemCount: itemCount))
        }
        return PreparedDataset(
            train: InteractionMatrix(rows: train, itemCount: itemCount), validation: heldOut(60..<60 + validationUsers),
            test: heldOut(70..<82),
            items: Vocabulary((0..<itemCount).map { "i\($0)" }), users: Vocabulary((0..<82).map { "u\($0)" }),
            titles: (0..<itemCount).map { "Title \($0)" })
    }
}
