import FoldinInteractions
import FoldinKernels
import FoldinModels
import FoldinSupport
import Foundation

/// An item that is recommended to a user, or that is similar to another item.
public struct Recommendation: Sendable, Equatable, Codable {
    /// The raw item id.
    public let item: String
    /// The item's title; nil if the model has none.
    public let title: String?
    /// The model's score: for `recommend` an autoencoder's logit or a sum of weights, for `similar` see `TrainedModel.similarities`.
    /// Only the order of scores is meaningful.
    public let score: Float

    /// Creates a recommendation; the parameters are the properties of the same names.
    public init(item: String, title: String?, score: Float) {
        self.item = item
        self.title = title
        self.score = score
    }
}

/// Recommended items, and the ids of the request that the model does not know.
public struct Recommendations: Sendable, Equatable, Codable {
    /// Best first.
    public let items: [Recommendation]
    /// Ids of the history or of the excluded and allowed items that the model does not know, in the order of the request.
    public let unknown: [String]

    /// Creates recommendations; the parameters are the properties of the same names.
    public init(items: [Recommendation], unknown: [String]) {
        self.items = items
        self.unknown = unknown
    }
}

/// Recommends items to users from the ids that they liked, including users who were not in the training data.
///
/// The user's history is folded in: one pass through the model, without training.
public struct Recommender: Sendable {
    /// The model that scores the items.
    public let model: TrainedModel
    /// The threads to use.
    public let workers: Workers
    /// The ids of the model's items in index order.
    public let ids: Vocabulary
    private let sessions = Sessions()

    /// Creates a recommender of the items of `model`. If the model is a `state_dict` without ids, the ids are "0", "1", and so on.
    public init(_ model: TrainedModel, workers: Workers = Workers()) {
        self.init(model, ids: model.items ?? Vocabulary((0..<model.itemCount).map(String.init)), workers: workers)
    }

    /// A recommender whose ids are known already.
    package init(_ model: TrainedModel, ids: Vocabulary, workers: Workers) {
        self.model = model
        self.workers = workers
        self.ids = ids
    }

    /// The `count` best items for a user who liked `history`, without the items of the history; equal scores by the item's index.
    ///
    /// An empty history gets the most popular items: those that most training users clicked, or, if the model has no such counts, those
    /// with the best scores for an empty history. Unknown ids are ignored; ``recommendations(_:for:excluding:allowing:)`` returns them.
    ///
    /// Buffers are kept from earlier calls, one set per concurrent call of at most four words per item. Only the result is allocated,
    /// unless the history is empty or `allowed` is given. The 32nd call rounds the weights of the last layer if that makes later calls
    /// faster (`Scorer.approximate`). This takes a quarter or half of their memory more; results are the same.
    ///
    /// - Parameters:
    ///   - count: the number of items; the result has fewer only if no more are left.
    ///   - history: ids of items that the user liked.
    ///   - excluded: ids of items not to recommend.
    ///   - allowed: ids of the only items to recommend; all if nil.
    /// - Throws: `FoldinError` of kind `usage` if `count` is not positive; of kind `badData` if the history has ids, but no known one.
    public func recommend(
        _ count: Int, havingLiked history: [String], excluding excluded: [String] = [], allowing allowed: [String]? = nil
    ) throws -> [Recommendation] {
        var result: [Recommendation] = []
        try recommend(count, havingLiked: history, excluding: excluded, allowing: allowed, into: &result)
        return result
    }

    /// Does the same as ``recommend(_:havingLiked:excluding:allowing:)`` and replaces the contents of `result`.
    ///
    /// If `result` has enough capacity, the history is not empty and `allowed` is nil, nothing is allocated.
    ///
    /// - Throws: `FoldinError` of kind `usage` if `count` is not positive; of kind `badData` if the history has ids, but no known one.
    public func recommend(
        _ count: Int, havingLiked history: [String], excluding excluded: [String] = [], allowing allowed: [String]? = nil,
        into result: inout [Recommendation]
    ) throws {
        try check(count)
        if history.isEmpty {
            result = popular(count, without: masked(excluding: excluded, allowing: allowed))
            return
        }
        let session = sessions.take() ?? RecommendationSession(model, ids: ids, workers: workers)
        defer { sessions.giveBack(session) }
        session.use(sessions.approximate(model, workers: workers))
        let forbidden = allowed.map { masked(excluding: [], allowing: $0) } ?? []
        let isKnown = session.recommend(count, havingLiked: history, excluding: excluded, forbidding: forbidden, into: &result)
        guard isKnown else { throw unknownHistory(history) }
    }

    /// The `count` best items for each of many histories; the most popular items for an empty history.
    ///
    /// A history without any known id gives a failure in its place and does not affect the others. Histories are scored in blocks of 500.
    ///
    /// - Parameters:
    ///   - count: the number of items; a list has fewer only if no more are left.
    ///   - histories: for each user the ids of items that the user liked.
    ///   - excluded: ids of items not to recommend.
    ///   - allowed: ids of the only items to recommend; all if nil.
    /// - Throws: `FoldinError` of kind `usage` if `count` is not positive.
    public func recommendations(
        _ count: Int, for histories: [[String]], excluding excluded: [String] = [], allowing allowed: [String]? = nil
    ) throws -> [Result<Recommendations, FoldinError>] {
        try check(count)
        let forbidden = masked(excluding: excluded, allowing: allowed)
        let unknownOthers = (excluded + (allowed ?? [])).filter { ids.index(of: $0) == nil }
        let rows = histories.map { $0.compactMap(ids.index) }
        let popular = histories.contains(where: \.isEmpty) ? popular(count, without: forbidden) : []
        let matrix = InteractionMatrix(rows: rows, itemCount: model.itemCount)
        return try lists(count, for: matrix, without: forbidden) { row, best in
            if histories[row].isEmpty { return .success(Recommendations(items: popular, unknown: unknownOthers)) }
            guard !rows[row].isEmpty else { return .failure(unknownHistory(histories[row])) }
            let (items, scores) = best()
            let unknown = histories[row].filter { ids.index(of: $0) == nil } + unknownOthers
            return .success(Recommendations(items: recommendations(items, scores), unknown: unknown))
        }
    }

    /// What `list` makes of each row of `histories` and its best items without `forbidden`, in the order of the rows.
    ///
    /// Users are scored in blocks of 500. All workers call `list`, which asks for the best items at most once; they are valid until it returns.
    func lists<List: Sendable>(
        _ count: Int, for histories: InteractionMatrix, keepingHistory keepsHistory: Bool = false, without forbidden: [Int32],
        isCancelled: () -> Bool = { false },
        _ list: (_ row: Int, _ best: () -> (items: UnsafeBufferPointer<Int32>, scores: UnsafeBufferPointer<Float>)) -> List
    ) throws -> [List] {
        var results: [List] = []
        results.reserveCapacity(histories.userCount)
        let scored = ScoredBlock(model, best: count, users: histories.userCount, workers: workers)
        for start in stride(from: 0, to: histories.userCount, by: scored.capacity) {
            if isCancelled() { throw CancellationError() }
            let block = start..<min(histories.userCount, start + scored.capacity)
            scored.score(histories, rows: block)
            results += workers.map(block.count) { place, worker in
                list(start + place) {
                    let known = keepsHistory ? [] : histories.row(start + place)
                    return scored.best(of: place, without: forbidden.isEmpty ? known : known + forbidden, worker: worker)
                }
            }
        }
        return results
    }

    /// The items not to recommend: the excluded ones, and those that are not allowed unless `allowed` is nil.
    private func masked(excluding excluded: [String], allowing allowed: [String]?) -> [Int32] {
        func indices(_ list: [String]) -> [Int32] { list.compactMap { ids.index(of: $0).map(Int32.init) } }
        return masked(excluding: indices(excluded), allowing: allowed.map(indices))
    }

    func masked(excluding excluded: [Int32], allowing allowed: [Int32]?) -> [Int32] {
        guard let allowed else { return excluded }
        var isAllowed = [Bool](repeating: false, count: model.itemCount)
        for item in allowed { isAllowed[Int(item)] = true }
        return excluded + isAllowed.indices.filter { !isAllowed[$0] }.map(Int32.init)
    }

    /// The items that most training users clicked, scored by the number of these users; without such counts, by the scores of an empty
    /// history.
    private func popular(_ count: Int, without masked: [Int32]) -> [Recommendation] {
        let (items, scores) = popularIndices(count, without: masked)
        return recommendations(items, scores)
    }

    func popularIndices(_ count: Int, without masked: [Int32]) -> (items: [Int32], scores: [Float]) {
        let scores = FloatBuffer(
            model.clicks.map(Float.init) + [Float](repeating: 0, count: model.itemCount - model.clicks.count))
        if model.clicks.isEmpty {
            let empty = InteractionMatrix(rows: [[Int]()], itemCount: model.itemCount)
            model.score(empty, rows: 0..<1, into: scores.pointer, workers: workers)
        }
        let ranker = BestItems(count, of: model.itemCount)
        return withExtendedLifetime((ranker, scores)) {
            let (items, best) = ranker.find(in: scores.pointer, without: masked[...])
            return (Array(items), Array(best))
        }
    }

    /// The `count` items most similar to `item`, or fewer if the model has no more; see `TrainedModel.similarities`.
    ///
    /// - Throws: `FoldinError` of kind `usage` if `count` is not positive or the model does not compare items; of kind `badData` if the item
    ///   is not known.
    public func similar(_ count: Int, to item: String) throws -> [Recommendation] {
        try check(count)
        guard let index = ids.index(of: item) else {
            let suggestion = near(item).map { "; similar ids: \($0)" } ?? ""
            throw FoldinError(
                .badData, found: "item \(item.quoted)", expected: "an item the model knows, such as \(example)\(suggestion)")
        }
        guard let similar = mostSimilar(count, to: index) else {
            throw FoldinError(.usage, found: "a model of \(model.summary)", expected: "one that compares items")
        }
        return recommendations(similar.lazy.map(\.item), similar.lazy.map(\.score))
    }

    /// The most similar items by index, best first; nil if the model does not compare items.
    package func mostSimilar(_ count: Int, to index: Int) -> [(item: Int32, score: Float)]? {
        guard var similarities = model.similarities(to: index, workers: workers) else { return nil }
        let ranker = BestItems(count, of: model.itemCount)
        return withExtendedLifetime(ranker) {
            similarities.withUnsafeMutableBufferPointer { similarities in
                guard let start = similarities.baseAddress else { return [] }
                let (items, scores) = ranker.find(in: start, without: [Int32(index)])
                return zip(items, scores).map { (item: $0, score: $1) }
            }
        }
    }

    /// Up to three items whose ids are similar to an unknown id, for messages: `"i3", "i30" (Title 30)`; nil if there is none.
    ///
    /// Items whose titles contain the id are included, with their titles. Takes time in proportion to the catalogue.
    package func near(_ id: String) -> String? {
        var found = NearNames.indices(of: id, among: ids.ids)
        var titled: Set<Int> = []
        if found.count < 3, !model.titles.isEmpty {
            for item in NearNames.indices(of: id, among: model.titles.lazy.map { $0 ?? "" }) where !found.contains(item) {
                found.append(item)
                titled.insert(item)
            }
        }
        guard !found.isEmpty else { return nil }
        return found.prefix(3).map { item in
            ids[item].quoted + (titled.contains(item) ? model.title(of: item).map { " (\($0.escapedForTerminal))" } ?? "" : "")
        }.joined(separator: ", ")
    }

    /// An id of the model, for messages.
    private var example: String { ids.count > 0 ? ids[0].quoted : "none: the model has no items" }

    private func recommendations(_ items: some Sequence<Int32>, _ scores: some Sequence<Float>) -> [Recommendation] {
        zip(items, scores).map { item, score in
            Recommendation(item: ids[Int(item)], title: model.title(of: Int(item)), score: score)
        }
    }

    func check(_ count: Int) throws {
        guard count > 0 else {
            throw FoldinError(.usage, found: "\(count) recommendations requested", expected: "at least 1")
        }
    }

    private func unknownHistory(_ history: [String]) -> FoldinError {
        FoldinError(
            .badData, found: "a history without any known item: \(history.quoted(first: 3))",
            expected: "ids of the items the model was trained on, such as \(example)")
    }
}
