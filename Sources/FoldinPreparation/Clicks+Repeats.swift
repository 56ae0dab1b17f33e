import FoldinKernels

extension Clicks {
    /// Keeps one row of each user and item, and returns the ratings by the rule; 0 without ratings.
    mutating func joinRepeats(_ rule: Ratings.Repeats, _ ratings: [Float], _ itemCount: Int, _ workers: Workers) -> [Float] {
        var joined = ratings.isEmpty ? [Float](repeating: 0, count: count) : ratings
        let userCount = Int(users.max().map { $0 + 1 } ?? 0)
        let (starts, order) = Self.grouped(users, count: userCount, workers)
        var isKept = [Bool](repeating: true, count: count)
        // For each item the row that is kept so far, and the user it belongs to.
        var keptRow = [Int](repeating: 0, count: itemCount)
        var lastUser = [Int](repeating: -1, count: itemCount)
        // In double precision, so that small ratings are not lost in a sum.
        var sums = [Double](repeating: 0, count: rule == .sum ? itemCount : 0)
        for user in 0..<userCount {
            for place in starts[user]..<starts[user + 1] {
                let row = order.map { Int($0[place]) } ?? place
                let item = Int(items[row])
                guard lastUser[item] == user else {
                    (lastUser[item], keptRow[item]) = (user, row)
                    if rule == .sum { sums[item] = Double(joined[row]) }
                    continue
                }
                let before = keptRow[item]
                switch rule {
                case .first: isKept[row] = false
                case .last:
                    isKept[before] = false
                    keptRow[item] = row
                case .max:
                    let isGreater = joined[row] > joined[before]
                    isKept[isGreater ? before : row] = false
                    if isGreater { keptRow[item] = row }
                case .sum:
                    isKept[row] = false
                    sums[item] += Double(joined[row])
                    joined[before] = Float(sums[item])
                }
            }
        }
        let result = joined.indices.filter { isKept[$0] }.map { joined[$0] }
        keep(workers) { isKept[$0] }
        return result
    }
}

extension Ratings {
    /// The rating of each row, in order.
    var ratingsByRow: [Float] { rows.flatMap { piece in (0..<piece.count).map { piece.columns.rating($0) } } }
}
