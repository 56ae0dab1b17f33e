import CFoldinKernels
import FoldinInteractions
import FoldinKernels

/// The rows left after filtering, in input order, in the codes of their tables.
struct Clicks {
    var users: [UInt32]
    var items: [UInt32]
    /// The times of the rows; empty if the ratings have none.
    var timestamps: [Int64]
    /// How many rows the filters and the removal of repeats left out, by name.
    var counts: [String: Int] = [:]
    /// Further counts of what was left out, by name; not in `prepare.json`.
    private(set) var dropped: [String: Int] = [:]

    var count: Int { users.count }

    /// The rows of `ratings` that its filter keeps.
    init(_ ratings: Ratings) {
        (users, items, timestamps) = ([], [], [])
        let filter = ratings.filter
        // In single precision like the ratings, so that 3.4 is not above 3.4.
        let threshold = filter.ratingAbove.map { Float($0) }
        counts["rows"] = ratings.count
        if let repeats = filter.repeats {
            copy(ratings, ratedAbove: nil)
            let joined = joinRepeats(
                repeats, ratings.hasRatings ? ratings.ratingsByRow : [], ratings.itemIds.count, ratings.workers)
            counts["duplicates"] = ratings.count - count
            let different = count
            if let threshold { keep(ratings.workers) { joined[$0] > threshold } }
            counts["rows-below-rating"] = different - count
        } else {
            copy(ratings, ratedAbove: threshold)
            counts["rows-below-rating"] = ratings.count - count
            let rated = count
            dropRepeats(userCount: ratings.userIds.count, itemCount: ratings.itemIds.count, ratings.workers)
            counts["duplicates"] = rated - count
        }
        keep("items", \.items, of: ratings.itemIds.count, withAtLeast: filter.minimumItemInteractions, ratings.workers)
        keep("users", \.users, of: ratings.userIds.count, withAtLeast: filter.minimumUserInteractions, ratings.workers)
    }

    /// Keeps the rows whose code in a column occurs at least `fewest` times, and counts what was left out.
    private mutating func keep(
        _ kind: String, _ column: KeyPath<Clicks, [UInt32]>, of codeCount: Int, withAtLeast fewest: Int, _ workers: Workers
    ) {
        guard fewest > 1 else { return }
        let (codes, before) = (self[keyPath: column], count)
        let occurrences = Self.counts(codes, codeCount, workers)
        keep(workers) { occurrences[Int(codes[$0])] >= fewest }
        dropped["rows-of-dropped-" + kind] = before - count
        dropped[kind] = occurrences.count { $0 > 0 && $0 < fewest }
    }

    /// The codes of the users that have rows, ascending.
    func presentUsers(of userCount: Int, _ workers: Workers) -> [UInt32] {
        let activity = Self.counts(users, userCount, workers)
        return (0..<UInt32(userCount)).filter { activity[Int($0)] > 0 }
    }

    /// Copies the rows rated above a threshold, all rows if it is nil, in order.
    private mutating func copy(_ ratings: Ratings, ratedAbove threshold: Float?) {
        let (rows, workers) = (ratings.rows, ratings.workers)
        let counts = workers.map(rows.count) { piece, _ in rows[piece].count(ratedAbove: threshold) }
        let starts = counts.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1) }
        let total = starts[rows.count]
        items = [UInt32](largeCapacity: total) { items in
            users = [UInt32](largeCapacity: total) { users in
                // Each piece initialises its own places.
                workers.forEach(rows.count) { piece, _ in
                    rows[piece].copy(
                        counts[piece], ratedAbove: threshold, users: users + starts[piece], items: items + starts[piece])
                }
                return total
            }
            return total
        }
        guard !ratings.timestamps.isEmpty else { return }
        guard let threshold else {
            timestamps = ratings.timestamps
            return
        }
        timestamps.reserveCapacity(total)
        var row = 0
        for piece in rows {
            for place in 0..<piece.count where piece.columns.rating(place) > threshold {
                timestamps.append(ratings.timestamps[row + place])
            }
            row += piece.count
        }
    }

    /// Keeps the rows for which `condition` holds, in order; it is called from several threads.
    mutating func keep(_ workers: Workers, _ condition: (Int) -> Bool) {
        let size = 1 << 18
        let pieces = (0..<(count + size - 1) / size).map { $0 * size..<min(count, ($0 + 1) * size) }
        let counts = workers.map(pieces.count) { piece, _ in
            var kept = 0
            for row in pieces[piece] { kept += condition(row) ? 1 : 0 }
            return kept
        }
        let starts = counts.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1) }
        let total = starts[pieces.count]
        if total == count { return }
        func kept<Value>(of column: [Value]) -> [Value] {
            [Value](largeCapacity: total) { target in
                // Each piece initialises its own places.
                workers.forEach(pieces.count) { piece, _ in
                    var place = target + starts[piece]
                    for row in pieces[piece] where condition(row) {
                        place.initialize(to: column[row])
                        place += 1
                    }
                }
                return total
            }
        }
        let times = timestamps.isEmpty ? [] : kept(of: timestamps)
        (users, items, timestamps) = (kept(of: users), kept(of: items), times)
    }

    /// Keeps the first row of each user and item.
    private mutating func dropRepeats(userCount: Int, itemCount: Int, _ workers: Workers) {
        let (starts, order) = Self.grouped(users, count: userCount, workers)
        // Stretches of users have about equal numbers of rows; each has its own mark for every item.
        let stretches = Self.stretches(starts, rows: 1 << 20)
        let repeats: [[UInt32]] = workers.map(stretches.count) { stretch, _ in
            var lastUser = [UInt32](repeating: .max, count: itemCount)
            var repeats: [UInt32] = []
            for user in stretches[stretch] {
                for place in starts[user]..<starts[user + 1] {
                    let row = order?[place] ?? UInt32(place)
                    let item = Int(items[Int(row)])
                    if lastUser[item] == UInt32(user) { repeats.append(row) }
                    lastUser[item] = UInt32(user)
                }
            }
            return repeats
        }
        if repeats.allSatisfy(\.isEmpty) { return }
        var isRepeat = [Bool](repeating: false, count: count)
        for row in repeats.joined() { isRepeat[Int(row)] = true }
        keep(workers) { !isRepeat[$0] }
    }

    /// Cuts users into stretches of at least `rows` rows each, except the last.
    private static func stretches(_ starts: [Int], rows: Int) -> [Range<Int>] {
        var stretches: [Range<Int>] = []
        var first = 0
        for user in 0..<starts.count - 1 where starts[user + 1] - starts[first] >= rows || user == starts.count - 2 {
            stretches.append(first..<user + 1)
            first = user + 1
        }
        return stretches
    }

    /// Rows by group, in order within each group: group `g` is `order[starts[g] ..< starts[g + 1]]`. If `order` is nil, the rows are
    /// grouped already. At most 2^32 rows.
    static func grouped(_ groups: [UInt32], count: Int, _ workers: Workers) -> (starts: [Int], order: [UInt32]?) {
        let counts = counts(groups, count, workers)
        let starts = counts.reduce(into: [0]) { $0.append($0[$0.count - 1] + Int($1)) }
        if isAscending(groups, workers) { return (starts, nil) }
        var next = starts
        let order = [UInt32](largeCapacity: groups.count) { order in
            for row in groups.indices {
                let group = Int(groups[row])
                (order + next[group]).initialize(to: UInt32(truncatingIfNeeded: row))
                next[group] += 1
            }
            return groups.count
        }
        return (starts, order)
    }

    private static func isAscending(_ codes: [UInt32], _ workers: Workers) -> Bool {
        let size = 1 << 18
        return codes.withUnsafeBufferPointer { codes in
            workers.map((codes.count + size - 1) / size) { piece, _ in
                var descents = 0
                for row in max(1, piece * size)..<max(1, min(codes.count, (piece + 1) * size)) {
                    descents &+= codes[row] < codes[row - 1] ? 1 : 0
                }
                return descents
            }
        }.allSatisfy { $0 == 0 }
    }

    /// How often each of `count` codes occurs.
    static func counts(_ codes: [UInt32], _ count: Int, _ workers: Workers) -> [UInt32] {
        // A few long pieces with their own counts, which are then added; a short list is one piece.
        let pieces = max(1, min(8, codes.count >> 20))
        let partial = workers.map(pieces) { piece, _ in
            var counts = [UInt32](repeating: 0, count: count)
            codes.withUnsafeBufferPointer { codes in
                counts.withUnsafeMutableBufferPointer { counts in
                    for row in codes.count * piece / pieces..<codes.count * (piece + 1) / pieces { counts[Int(codes[row])] &+= 1 }
                }
            }
            return counts
        }
        return partial.dropFirst().reduce(into: partial[0]) { sum, counts in
            for code in 0..<count { sum[code] &+= counts[code] }
        }
    }
}
