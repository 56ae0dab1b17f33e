import FoldinMessages
import Foundation
import Metrics

/// What the service says of models and histories, whoever asks in whatever format.
struct Answers: Sendable {
    /// Recommendations before they are written down.
    struct Recommended: Sendable {
        let model: ServedModel
        let kind: RecommendationReply.Kind
        let items: [RankedItem]
        let unknown: [String]

        func append(to bytes: inout [UInt8]) { model.append(kind, items, unknown: unknown, to: &bytes) }
    }

    let arms: ModelArms
    let queue: ScoringQueue
    let events: KeptEvents
    let limits: ServiceConfiguration.Limits
    let metrics: PrometheusRegistry

    /// Items for a history, or for what is kept of the user when it is empty; popular ones, named as such, when the model knows none of
    /// its ids.
    ///
    /// What the user rated low is no history, and is not recommended either.
    ///
    /// - Throws: `Problem` when the request asks for what cannot be, or too many wait.
    func recommend(_ request: RecommendationRequest) async throws -> Recommended {
        let ranking = (top: request.top ?? 10, offset: request.offset ?? 0)
        try check(ranking.top, in: 1...limits.top, "items in \"top\"")
        try check(ranking.offset, in: 0...limits.offset, "items in \"offset\"")
        for (name, ids) in [("history", request.history), ("exclude", request.exclude ?? []), ("allow", request.allow ?? [])] {
            try check(ids.count, in: 0...limits.ids, "ids in \"\(name)\"")
        }
        try check(request)
        var kept = EventStore.History(liked: request.history)
        if request.history.isEmpty, let user = request.user { kept = try await events.history(of: user) }
        let model = arms.model(for: request.user)
        let history = model.split(kept.liked)
        let excluded = model.split(request.exclude ?? [])
        let allowed = request.allow.map(model.split)
        let wanted = Ranking(
            top: ranking.top, offset: ranking.offset, masked: history.known + model.split(kept.others).known + excluded.known,
            allowed: allowed?.known)
        let unknown = history.unknown + excluded.unknown + (allowed?.unknown ?? [])
        let items = model.model.itemCount
        guard !history.known.isEmpty else {
            var scores = model.popularScores
            count(.popular, model)
            let best = scores.withUnsafeMutableBufferPointer { scores in
                scores.baseAddress.map { wanted.best(of: ScoringQueue.Scores(pointer: $0, items: items)) }
            }
            return Recommended(model: model, kind: .popular, items: best ?? [], unknown: unknown)
        }
        let best = try await queue.score([history.known], by: model) { wanted.best(of: $0) }
        count(.personal, model)
        return Recommended(model: model, kind: .personal, items: best, unknown: unknown)
    }

    /// Recommendations for each of many; one that cannot be fails them all.
    func recommend(_ requests: [RecommendationRequest]) async throws -> [Recommended] {
        try check(requests.count, in: 0...limits.batch, "requests")
        var replies: [Recommended] = []
        let width = queue.rowsAtOnce(arms.main.current)
        for start in stride(from: 0, to: requests.count, by: width) {
            let piece = requests[start..<min(requests.count, start + width)]
            replies += try await withThrowingTaskGroup { group in
                for (place, request) in zip(piece.indices, piece) {
                    group.addTask {
                        do { return (place, try await recommend(request)) } catch let problem as Problem {
                            throw problem.status == .unprocessableContent ? problem.at("request \(place)") : problem
                        }
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }.sorted { $0.0 < $1.0 }.map(\.1)
            }
        }
        return replies
    }

    /// Items like an item, by the cosine of their vectors in the last layer.
    func similar(to item: String, count: Int) async throws -> SimilarReply {
        let served = arms.main.current
        guard served.ids.index(of: item) != nil else {
            throw Problem.notFound("found an item the model does not know; expected one it does")
        }
        let found = try await queue.perform { Result { try served.recommender.similar(count, to: item) } }
        return SimilarReply(
            items: try found.get().map { ScoredItem(item: $0.item, title: $0.title, score: $0.score) }, model: served.tag)
    }

    /// What each item of a history adds to the scores of some items: the score with all of it less that without the one.
    func explain(_ request: ExplanationRequest) async throws -> ExplanationReply {
        try check(request.history.count, in: 1...limits.explained, "ids in \"history\"")
        try check(request.items.count, in: 1...limits.explained, "ids in \"items\"")
        let served = arms.model(for: request.user)
        let history = served.split(request.history)
        let items = served.split(request.items)
        var seen: Set<Int> = []
        let known = history.known.filter { seen.insert($0).inserted }
        // Row 0 is the whole history; row i is without its item i - 1.
        let rows = [known] + known.indices.map { left in known.indices.filter { $0 != left }.map { known[$0] } }
        var scores: [[Float]] = []
        let width = queue.rowsAtOnce(served)
        let wanted = items.known
        let targets = wanted.map(Int32.init)
        for start in stride(from: 0, to: rows.count, by: width) {
            let piece = Array(rows[start..<min(rows.count, start + width)])
            scores += try await queue.score(piece, by: served) { scores in
                piece.indices.map { row in scores.exact(targets, row: row) }
            }
        }
        let explanations = wanted.enumerated().map { place, item in
            let reasons = known.enumerated().map { index, liked in
                let summary = served.summary(of: liked)
                return Reason(
                    item: summary.item, title: summary.title, contribution: scores[0][place] - scores[index + 1][place])
            }
            let summary = served.summary(of: item)
            return Explanation(
                item: summary.item, title: summary.title, score: scores[0][place],
                because: reasons.sorted { $0.contribution > $1.contribution })
        }
        var named: Set<String> = []
        let unknown = (history.unknown + items.unknown).filter { named.insert($0).inserted }
        return ExplanationReply(explanations: explanations, unknown: unknown, model: served.tag)
    }

    private func count(_ kind: RecommendationReply.Kind, _ model: ServedModel) {
        Counter(
            label: "foldin_recommendations_total", dimensions: [("arm", model.tag.arm), ("kind", kind.rawValue)], factory: metrics
        ).increment()
    }

    /// Refuses what would be recommended otherwise than asked: an id to exclude that is none, and nothing but such ids to allow.
    private func check(_ request: RecommendationRequest) throws {
        let strange = (request.exclude ?? []).filter { !arms.know($0) }
        if !strange.isEmpty {
            throw Problem.invalid(found: "\(Answers.list(strange)) in \"exclude\"", expected: "ids of items that the model knows")
        }
        if let allow = request.allow, !allow.isEmpty, !allow.contains(where: arms.know) {
            throw Problem.invalid(
                found: "\(Answers.list(allow)) in \"allow\"", expected: "at least one id of an item that the model knows")
        }
    }

    /// The first few ids, quoted.
    private static func list(_ ids: [String]) -> String {
        let more = ids.count > 3 ? " and \(ids.count - 3) more" : ""
        return ids.prefix(3).map { "\"\(Problem.printable($0))\"" }.joined(separator: ", ") + more
    }

    private func check(_ count: Int, in range: ClosedRange<Int>, _ what: String) throws {
        guard !range.contains(count) else { return }
        throw Problem.invalid(found: "\(count) \(what)", expected: "\(range.lowerBound) to \(range.upperBound)")
    }
}
