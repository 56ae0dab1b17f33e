import FoldinInteractions
import FoldinKernels
import FoldinModels
import Foundation

/// An item for a person, or beside another item.
public struct Recommendation: Sendable, Equatable, Codable {
    /// The raw item id.
    public let item: String
    /// The item's title, where the model has one.
    public let title: String?
    /// The model's score: for `recommend` an autoencoder's logit or a sum of weights, for `similar` see `TrainedModel.similarities`.
    /// Only the order means anything across items.
    public let score: Float

    public init(item: String, title: String?, score: Float) {
        self.item = item
        self.title = title
        self.score = score
    }
}

/// What was recommended, and which of the ids that came in meant nothing to the model.
public struct Recommendations: Sendable, Equatable, Codable {
    /// Best first.
    public let items: [Recommendation]
    /// Ids of the history or the exclusions that the model does not know, in the order given.
    public let unknown: [String]

    public init(items: [Recommendation], unknown: [String]) {
        self.items = items
        self.unknown = unknown
    }
}

/// Recommends items to people the model has never met, from the ids they liked.
///
/// The person's history is folded in: one pass through the network, no training.
public struct Recommender: Sendable {
    public let model: TrainedModel
    public let workers: Workers
    private let ids: Vocabulary
    private let sessions = Sessions()

    /// A recommender of `model`'s items. A bare `state_dict` has no ids: its items are called "0", "1", and so on.
    public init(_ model: TrainedModel, workers: Workers = Workers()) {
        self.model = model
        self.workers = workers
        ids = model.items ?? Vocabulary((0..<model.itemCount).map(String.init))
    }

    /// The `count` best items for somebody who liked `history`, without the history's items.
    ///
    /// Unknown ids are passed over; use `recommendations(_:for:excluding:)` to learn which. Works in memory kept from earlier
    /// calls, one set for each that run at once (four words an item at most): only the result is allocated. The 32nd call rounds the
    /// last layer's weights where that makes later ones faster (`RoundedScorer`), for a quarter or half of their memory more; results
    /// are the same.
    ///
    /// - Throws: `FoldinError` if `count` is not positive or no id of the history is known.
    public func recommend(
        _ count: Int, havingLiked history: [String], excluding excluded: [String] = []
    ) throws -> [Recommendation] {
        var result: [Recommendation] = []
        try recommend(count, havingLiked: history, excluding: excluded, into: &result)
        return result
    }

    /// As `recommend(_:havingLiked:excluding:)`, in place of what `result` held: once it has room, nothing is allocated.
    public func recommend(
        _ count: Int, havingLiked history: [String], excluding excluded: [String] = [], into result: inout [Recommendation]
    ) throws {
        try check(count)
        let session = sessions.take() ?? RecommendationSession(model, ids: ids, workers: workers)
        defer { sessions.giveBack(session) }
        session.use(sessions.rounded(model, workers: workers))
        let isKnown = session.recommend(count, havingLiked: history, excluding: excluded, into: &result)
        guard isKnown else { throw unknownHistory(history) }
    }

    /// The `count` best items for each of many histories, fewer only where the catalogue has no more.
    ///
    /// A history without any known id fails alone, with a `FoldinError`. Histories are scored in blocks of 500.
    ///
    /// - Throws: `FoldinError` if `count` is not positive.
    public func recommendations(
        _ count: Int, for histories: [[String]], excluding excluded: [String] = []
    ) throws -> [Result<Recommendations, FoldinError>] {
        try check(count)
        let excludedIndices = excluded.compactMap(ids.index).map(Int32.init)
        let unknownExcluded = excluded.filter { ids.index(of: $0) == nil }
        let rows = histories.map { $0.compactMap(ids.index) }
        let matrix = InteractionMatrix(rows: rows, itemCount: model.itemCount)
        var results: [Result<Recommendations, FoldinError>] = []
        results.reserveCapacity(histories.count)
        let scored = ScoredBlock(model, best: count, users: histories.count, workers: workers)
        for start in stride(from: 0, to: histories.count, by: scored.capacity) {
            let block = start..<min(histories.count, start + scored.capacity)
            scored.score(matrix, rows: block)
            results += workers.map(block.count) { place, worker in
                let row = start + place
                guard !rows[row].isEmpty else { return .failure(unknownHistory(histories[row])) }
                let (items, scores) = scored.best(of: place, without: matrix.row(row) + excludedIndices, worker: worker)
                let unknown = histories[row].filter { ids.index(of: $0) == nil } + unknownExcluded
                return .success(Recommendations(items: recommendations(items, scores), unknown: unknown))
            }
        }
        return results
    }

    /// The `count` items most like `item`, fewer where the model knows of no more; see `TrainedModel.similarities`.
    ///
    /// - Throws: `FoldinError` if `count` is not positive, the item is not known, or the model does not compare items.
    public func similar(_ count: Int, to item: String) throws -> [Recommendation] {
        try check(count)
        guard let index = ids.index(of: item) else {
            throw FoldinError(.badData, found: "item \"\(item)\"", expected: "an item the model knows, such as \"\(ids[0])\"")
        }
        guard let similarities = model.similarities(to: index, workers: workers) else {
            throw FoldinError(.usage, found: "a model of \(model.summary)", expected: "one that compares items")
        }
        let ranker = BestItems(count, of: model.itemCount)
        return withExtendedLifetime(ranker) {
            let (items, scores) = ranker.find(in: similarities.pointer, without: [Int32(index)])
            return recommendations(items, scores)
        }
    }

    private func recommendations(_ items: UnsafeBufferPointer<Int32>, _ scores: UnsafeBufferPointer<Float>) -> [Recommendation] {
        zip(items, scores).map { item, score in
            Recommendation(item: ids[Int(item)], title: model.title(of: Int(item)), score: score)
        }
    }

    private func check(_ count: Int) throws {
        guard count > 0 else {
            throw FoldinError(.usage, found: "\(count) recommendations to be made", expected: "at least 1")
        }
    }

    private func unknownHistory(_ history: [String]) -> FoldinError {
        let shown = history.prefix(3).map { "\"\($0)\"" }.joined(separator: ", ") + (history.count > 3 ? ", …" : "")
        return FoldinError(
            .badData, found: history.isEmpty ? "an empty history" : "a history without any known item: \(shown)",
            expected: "ids of the items the model was trained on, such as \"\(ids[0])\"")
    }
}
