import FoldinInteractions
import FoldinKernels

/// The choice of held-out items, user by user, as in the reference implementation.
struct HeldOutItems {
    /// Users with fewer items keep them all.
    static let fewestItems = 5

    let fraction: Double
    let seed: UInt32

    /// Divides the rows of the users `ranked`, in that order, into fold-in and held-out rows.
    ///
    /// `starts` and `order` group the rows `items` by user as `Clicks.grouped` does; `index` gives the user's index in
    /// the files. Each user's rows keep the input order.
    func divide(
        _ ranked: [UInt32], starts: [Int], order: [UInt32]?, items: [Int32], index: (UInt32) -> Int32
    ) -> (foldIn: PreparedRows.Part, heldOut: PreparedRows.Part) {
        var generator = NumPyGenerator(seed: seed)
        var foldIn = PreparedRows.Part()
        var heldOut = PreparedRows.Part()
        for user in ranked {
            let places = starts[Int(user)]..<starts[Int(user) + 1]
            let rows = order.map { Array($0[places]) } ?? places.map { UInt32($0) }
            var isHeldOut = [Bool](repeating: false, count: rows.count)
            if rows.count >= Self.fewestItems {
                for place in generator.choice(rows.count, size: Int(fraction * Double(rows.count))) { isHeldOut[place] = true }
            }
            let number = index(user)
            for (place, row) in rows.enumerated() {
                if isHeldOut[place] {
                    heldOut.users.append(number)
                    heldOut.items.append(items[Int(row)])
                } else {
                    foldIn.users.append(number)
                    foldIn.items.append(items[Int(row)])
                }
            }
        }
        return (foldIn, heldOut)
    }
}
