import FoldinInteractions
import FoldinKernels
import FoldinModels
import Synchronization

/// The memory of one recommendation, kept for the next.
///
/// - Note: `@unchecked Sendable` because a session is held by one thread at a time: `Sessions` gives each out to one caller and
///   takes it back when that call ends.
final class RecommendationSession: @unchecked Sendable {
    private let model: TrainedModel
    private let ids: Vocabulary
    private let scorer: OneUserScorer
    private var history: [Int32] = []
    private var ranked: [Int32] = []
    private var scratch: [UInt64] = []

    init(_ model: TrainedModel, ids: Vocabulary, workers: Workers) {
        self.model = model
        self.ids = ids
        scorer = OneUserScorer(model, workers: workers)
    }

    /// Replaces `result` by the best items; false if no id of the history is known. See `Recommender.recommend`.
    func recommend(
        _ count: Int, havingLiked liked: [String], excluding excluded: [String], into result: inout [Recommendation]
    ) -> Bool {
        result.removeAll(keepingCapacity: true)
        history.removeAll(keepingCapacity: true)
        for id in liked {
            if let index = ids.index(of: id) { insert(Int32(index)) }
        }
        guard !history.isEmpty else { return false }
        let scores = scorer.score(history)
        for item in history { scores[Int(item)] = -.infinity }
        for id in excluded {
            if let index = ids.index(of: id) { scores[index] = -.infinity }
        }
        let count = min(count, model.itemCount)
        if ranked.count < count {
            ranked = [Int32](repeating: 0, count: count)
            scratch = [UInt64](repeating: 0, count: TopK.scratchCount(count))
        }
        let found = ranked.withUnsafeMutableBufferPointer { ranked in
            scratch.withUnsafeMutableBufferPointer { scratch in
                guard let ranked = ranked.baseAddress, let scratch = scratch.baseAddress else { return 0 }
                return TopK.select(count, of: scores, count: model.itemCount, scratch: scratch, into: ranked)
            }
        }
        for item in ranked.prefix(found) {
            let item = Int(item)
            result.append(Recommendation(item: ids[item], title: model.title(of: item), score: scores[item]))
        }
        return true
    }

    /// Keeps the history ascending and without repeats, as a matrix's rows are; sorting would allocate.
    private func insert(_ item: Int32) {
        var low = 0
        var high = history.count
        while low < high {
            let middle = (low + high) / 2
            if history[middle] < item { low = middle + 1 } else { high = middle }
        }
        if low == history.count || history[low] != item { history.insert(item, at: low) }
    }
}

/// The sessions that nobody uses at the moment: as many as there were callers at once, at most.
final class Sessions: Sendable {
    private let idle = Mutex<[RecommendationSession]>([])

    /// A session that no other thread has, or nil if none is idle.
    func take() -> RecommendationSession? { idle.withLock { $0.popLast() } }

    /// Ends the caller's hold of a session.
    func giveBack(_ session: RecommendationSession) { idle.withLock { $0.append(session) } }
}
