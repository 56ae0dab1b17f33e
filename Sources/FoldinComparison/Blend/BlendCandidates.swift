import FoldinEvaluation
import FoldinInteractions
import FoldinKernels
import FoldinModels

/// The best items of each validation user by any of several models, with their scores by all of them: what a blend of the models ranks.
///
/// An item that is far down every model's list is far down a blend's list, too. So the lists of a blend are found among few items, at a
/// small part of the cost of scoring all of them again. Items are numbered anew for each user, in their order.
struct BlendCandidates {
    /// The most scores that are kept: for more, users are left out at even distances.
    private static let scoresAtMost = 1 << 27

    private let metric: Metric
    private let workers: Workers
    /// The users, with their held-out items by the new numbers.
    private let users: HeldOutUsers
    /// Where the scores of each user begin; one entry more than users.
    private let starts: [Int]
    /// By model, the scores of all users' items.
    private let scores: [FloatBuffer]

    /// Scores all users by all models.
    init(
        _ models: [any Model], _ all: HeldOutUsers, metric: Metric, workers: Workers, isCancelled: () -> Bool
    ) throws {
        let items = models[0].itemCount
        // Three lists as long as the one that is measured.
        let length = min(items, 3 * metric.cutoff)
        let most = max(1, Self.scoresAtMost / (length * models.count * models.count))
        let chosen = all.evaluated(atMost: most)
        let histories = chosen.foldIn

        let atOnce = ScoredBlock.usersAtOnce(128, items: items)
        let blocks = models.map { _ in FloatBuffer(count: min(atOnce, max(1, chosen.count)) * items) }
        let rankers = (0..<workers.count).map { _ in BestItems(length, of: items) }
        var lists: [[Int32]] = []
        var parts: [[[Float]]] = []
        for first in stride(from: 0, to: chosen.count, by: atOnce) {
            if isCancelled() { throw CancellationError() }
            let rows = first..<min(chosen.count, first + atOnce)
            for (model, block) in zip(models, blocks) {
                model.score(histories, rows: rows, into: block.pointer, workers: workers)
            }
            let found = workers.map(rows.count) { row, worker -> (items: [Int32], scores: [[Float]]) in
                let masked = histories.row(first + row)
                var union = Set<Int32>()
                for block in blocks {
                    union.formUnion(rankers[worker].find(in: block.pointer + row * items, without: masked).items)
                }
                let list = union.sorted()
                return (list, blocks.map { block in list.map { block.pointer[row * items + Int($0)] } })
            }
            lists += found.map(\.items)
            parts += found.map(\.scores)
        }

        starts = lists.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1.count) }
        scores = models.indices.map { model in FloatBuffer(parts.lazy.flatMap { $0[model] }.map { $0 }) }
        // A held-out item that is no candidate gets a number beyond all of them, which no list has.
        let longest = lists.reduce(0) { max($0, $1.count) }
        var beyond = longest
        let heldOut = lists.enumerated().map { user, list in
            let numbers = Dictionary(uniqueKeysWithValues: list.enumerated().map { ($1, $0) })
            var missing = longest
            let row = chosen.heldOut.row(user).map { item -> Int in
                if let number = numbers[item] { return number }
                missing += 1
                return missing - 1
            }
            beyond = max(beyond, missing)
            return row.sorted()
        }
        let none = InteractionMatrix(
            rowStarts: [Int](repeating: 0, count: chosen.count + 1), columns: [], itemCount: beyond)
        users = HeldOutUsers(
            userIndices: chosen.userIndices, foldIn: none,
            heldOut: InteractionMatrix(rows: heldOut, itemCount: beyond))
        (self.metric, self.workers) = (metric, workers)
    }

    /// The mean of the metric for the blend with these weights, one per model.
    func value(of weights: [Float], isCancelled: () -> Bool) throws -> Double? {
        let scorer = Weighted(candidates: self, weights: weights)
        return try Evaluator([metric], batchSize: 2_000, workers: workers)
            .evaluate(scorer, on: users, isCancelled: isCancelled).results[0].mean
    }

    /// Scores a user's candidates, by the number of the user's row.
    private struct Weighted: Scorer {
        let candidates: BlendCandidates
        let weights: [Float]

        var itemCount: Int { candidates.users.heldOut.itemCount }

        func score(
            _ histories: InteractionMatrix, rows: Range<Int>, into scores: UnsafeMutablePointer<Float>, workers: Workers
        ) {
            workers.forEachPiece(of: rows.count, size: 64) { piece, _ in
                for row in piece {
                    let out = scores + row * itemCount
                    let (start, end) = (candidates.starts[rows.lowerBound + row], candidates.starts[rows.lowerBound + row + 1])
                    for place in 0..<end - start {
                        var sum: Float = 0
                        for (weight, scores) in zip(weights, candidates.scores) { sum += weight * scores.pointer[start + place] }
                        out[place] = sum
                    }
                    for place in end - start..<itemCount { out[place] = -.greatestFiniteMagnitude }
                }
            }
        }
    }
}
