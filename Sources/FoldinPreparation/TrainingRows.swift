import FoldinInteractions
import FoldinKernels

/// The rows of training users, whose items are numbered in order of first appearance, and the rows of the other users, without items that
/// no training user has.
struct TrainingRows {
    /// In input order.
    let train: PreparedRows.Part
    /// The codes of the items in the order of their numbers.
    let itemOrder: [UInt32]
    /// Codes of users and numbers of items, in input order.
    let heldOutUsers: [UInt32]
    let heldOutItems: [Int32]

    /// Counts of a piece of the rows.
    private struct Piece {
        /// The codes of the training users' items, each once, in order of appearance.
        var items: [UInt32] = []
        var trainCount = 0
        /// The number of rows of other users, unknown items included.
        var otherCount = 0
    }

    /// `userIndex` gives the index of each user code, below 0 for none; those below `trainUserCount` are training users.
    ///
    /// Three passes: the items of each piece, in parallel; their numbers, in the order of the pieces; the rows, in parallel.
    init(_ clicks: Clicks, userIndex: [Int32], trainUserCount: Int, itemCount: Int, _ workers: Workers) {
        let size = 1 << 19
        let bound = Int32(trainUserCount)
        let ranges = (0..<(clicks.count + size - 1) / size).map { $0 * size..<min(clicks.count, ($0 + 1) * size) }
        let pieces = workers.map(ranges.count) { number, _ in
            var piece = Piece()
            var isKnown = [Bool](repeating: false, count: itemCount)
            for row in ranges[number] {
                guard userIndex[Int(clicks.users[row])] < bound else { continue }
                piece.trainCount += 1
                let item = clicks.items[row]
                if !isKnown[Int(item)] {
                    isKnown[Int(item)] = true
                    piece.items.append(item)
                }
            }
            piece.otherCount = ranges[number].count - piece.trainCount
            return piece
        }
        var numbering = ItemNumbering(itemCount: itemCount)
        for item in pieces.lazy.flatMap(\.items) { _ = numbering.number(item) }
        itemOrder = numbering.order

        let starts = pieces.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1.trainCount) }
        var trainItems: [Int32] = []
        var others = [(users: [UInt32], items: [Int32])](repeating: ([], []), count: pieces.count)
        let known = numbering
        let trainUsers = [Int32](largeCapacity: starts[pieces.count]) { users in
            trainItems = [Int32](largeCapacity: starts[pieces.count]) { items in
                others = workers.map(pieces.count) { number, _ in
                    // Each piece initialises its own places.
                    var place = starts[number]
                    var other: (users: [UInt32], items: [Int32]) = ([], [])
                    other.users.reserveCapacity(pieces[number].otherCount)
                    other.items.reserveCapacity(pieces[number].otherCount)
                    for row in ranges[number] {
                        let user = clicks.users[row]
                        let item = known.known(clicks.items[row])
                        if userIndex[Int(user)] < bound, let item {
                            (users + place).initialize(to: userIndex[Int(user)])
                            (items + place).initialize(to: item)
                            place += 1
                        } else if let item {
                            other.users.append(user)
                            other.items.append(item)
                        }
                    }
                    return other
                }
                return starts[pieces.count]
            }
            return starts[pieces.count]
        }
        train = PreparedRows.Part(users: trainUsers, items: trainItems)
        heldOutUsers = others.flatMap(\.users)
        heldOutItems = others.flatMap(\.items)
    }
}
