import FoldinInteractions
import FoldinKernels
import FoldinModels
import Synchronization

/// The buffers of one recommendation, kept for the next one.
///
/// - Note: `@unchecked Sendable` because one thread uses a session at a time: `Sessions` lends each to one caller and takes it back when
///   that call ends.
final class RecommendationSession: @unchecked Sendable {
    private let model: TrainedModel
    private let ids: Vocabulary
    private let scorer: any OneUserScorer
    private var ranker: BestItems
    private var history: [Int32] = []
    /// The history, the excluded items and the items that are not allowed.
    private var masked: [Int32] = []

    init(_ model: TrainedModel, ids: Vocabulary, workers: Workers) {
        self.model = model
        self.ids = ids
        scorer = model.oneUserScorer(workers: workers)
        ranker = BestItems(0, of: model.itemCount)
    }

    /// Uses approximate scores from now on for lists that are far shorter than the catalogue.
    func use(_ approximate: (any ApproximateScorer)?) {
        if scorer.approximate == nil, let approximate { scorer.approximate = approximate }
    }

    /// Replaces `result` by the best items without the indices `forbidden`; false if no id of the history is known. See
    /// `Recommender.recommend`.
    func recommend(
        _ count: Int, havingLiked liked: [String], excluding excluded: [String], forbidding forbidden: [Int32],
        into result: inout [Recommendation]
    ) -> Bool {
        result.removeAll(keepingCapacity: true)
        history.removeAll(keepingCapacity: true)
        for id in liked {
            if let index = ids.index(of: id) { insert(Int32(index)) }
        }
        guard !history.isEmpty else { return false }
        masked.removeAll(keepingCapacity: true)
        masked.append(contentsOf: history)
        for id in excluded {
            if let index = ids.index(of: id) { masked.append(Int32(index)) }
        }
        masked.append(contentsOf: forbidden)
        if ranker.capacity < min(count, model.itemCount) { ranker = BestItems(count, of: model.itemCount) }
        let isApproximate = scorer.approximate != nil && model.itemCount / 16 >= count
        guard let scores = scorer.score(history, approximately: isApproximate).baseAddress else { return true }
        let best = ranker.find(count, in: scores, without: masked[...], approximate: isApproximate ? (scorer, 0) : nil)
        for (item, score) in zip(best.items, best.scores) {
            result.append(Recommendation(item: ids[Int(item)], title: model.title(of: Int(item)), score: score))
        }
        return true
    }

    /// Inserts an item so that the history stays ascending and without duplicates, like the rows of a matrix. Sorting would allocate.
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

/// The sessions that are not in use, at most as many as there were concurrent callers, and the rounded weights that they share.
final class Sessions: Sendable {
    /// The number of the call that makes rounded weights. Making them takes as long as a dozen calls save.
    static let callsBeforeRounding = 32

    private struct State {
        var idle: [RecommendationSession] = []
        var calls = 0
        var approximate: (any ApproximateScorer)?
    }

    private let state = Mutex(State())

    /// A session for one caller; nil if none is idle.
    func take() -> RecommendationSession? { state.withLock { $0.idle.popLast() } }

    /// Returns a session after its use.
    func giveBack(_ session: RecommendationSession) { state.withLock { $0.idle.append(session) } }

    /// The approximate scorer of `model`; nil during the first calls and if the model has none. Call it once per recommendation.
    func approximate(_ model: TrainedModel, workers: Workers) -> (any ApproximateScorer)? {
        let (found, isDue) = state.withLock { state in
            state.calls &+= 1
            return (state.approximate, state.calls == Self.callsBeforeRounding)
        }
        guard isDue, let made = model.approximate(workers: workers) else { return found }
        state.withLock { $0.approximate = made }
        return made
    }
}
