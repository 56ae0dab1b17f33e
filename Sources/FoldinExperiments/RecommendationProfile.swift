#if Experiments
import FoldinEvaluation
import FoldinInteractions
import FoldinKernels
import Foundation

/// A model's recommendations to all test users together: coverage, popularity, and the items found by popularity.
struct RecommendationProfile {
    /// A part of the items, by popularity.
    struct Segment {
        let name: String
        /// The share of the catalogue's items.
        let items: Double
        /// The share of all recommendations.
        let recommended: Double
        /// The share of the segment's held-out items that were recommended; nil if it has none.
        let found: Double?
    }

    /// Items recommended per user.
    let cutoff: Int
    /// The share of items that were recommended to at least one user.
    let coverage: Double
    /// The mean share of training users who clicked a recommended item.
    let popularity: Double
    /// The Gini coefficient of how often each item was recommended: 0 if all equally often, 1 for a single item.
    let gini: Double
    /// Head, middle and tail: the most popular items with a third of all training clicks, the next, the others.
    let segments: [Segment]
    /// The ranked items of each test user, best first.
    let lists: [[Int32]]

    /// Ranks the `cutoff` best items for each test user, without the items folded in.
    init(_ scorer: some Scorer, on dataset: PreparedDataset, cutoff: Int, workers: Workers) {
        let users = dataset.test
        let items = scorer.itemCount
        self.cutoff = cutoff
        lists = Self.rank(scorer, users, cutoff: cutoff, workers: workers)
        var counts = [Int](repeating: 0, count: items)
        for list in lists { for item in list { counts[Int(item)] += 1 } }
        let clicks = dataset.train.itemCounts()
        let total = max(1, counts.reduce(0, +))
        coverage = Double(counts.count { $0 > 0 }) / Double(max(1, items))
        let clicked = zip(counts, clicks).reduce(0.0) { $0 + Double($1.0) * Double($1.1) }
        popularity = clicked / Double(total) / Double(max(1, dataset.train.userCount))
        gini = Gini.coefficient(of: counts)
        let parts = Self.parts(clicks)
        var heldOut = [0, 0, 0]
        var found = [0, 0, 0]
        for (row, list) in lists.enumerated() {
            let recommended = Set(list)
            for item in users.heldOut.row(row) {
                heldOut[parts[Int(item)]] += 1
                if recommended.contains(item) { found[parts[Int(item)]] += 1 }
            }
        }
        segments = ["head", "middle", "tail"].enumerated().map { part, name in
            Segment(
                name: name, items: Double(parts.count { $0 == part }) / Double(max(1, items)),
                recommended: Double(zip(counts, parts).reduce(0) { $0 + ($1.1 == part ? $1.0 : 0) }) / Double(total),
                found: heldOut[part] == 0 ? nil : Double(found[part]) / Double(heldOut[part]))
        }
    }

    /// The segment of each item, 0 for head, 1 for middle, 2 for tail, each with about a third of the clicks. Equally popular items are ordered by
    /// index.
    static func parts(_ clicks: [Int]) -> [Int] {
        let total = clicks.reduce(0, +)
        var parts = [Int](repeating: 2, count: clicks.count)
        var before = 0
        for item in clicks.indices.sorted(by: { (-clicks[$0], $0) < (-clicks[$1], $1) }) {
            parts[item] = total == 0 ? 2 : min(2, 3 * before / total)
            before += clicks[item]
        }
        return parts
    }

    private static func rank(_ scorer: some Scorer, _ users: HeldOutUsers, cutoff: Int, workers: Workers) -> [[Int32]] {
        let block = ScoredBlock(scorer, best: cutoff, users: users.count, workers: workers)
        var lists: [[Int32]] = []
        for start in stride(from: 0, to: users.count, by: block.capacity) {
            let rows = start..<min(users.count, start + block.capacity)
            block.score(users.foldIn, rows: rows)
            lists += workers.map(rows.count) { row, worker in
                Array(block.best(of: row, without: users.foldIn.row(start + row), worker: worker).items)
            }
        }
        return lists
    }
}
#endif
