#if Service
import Dispatch
import FoldinMessages
import Foundation
import Metrics

/// Computes recommendations, similar items and explanations, apart from HTTP.
struct Answers: Sendable {
    /// Recommendations before they are encoded.
    struct Recommended: Sendable {
        let model: ServedModel
        let kind: RecommendationReply.Kind
        let items: [RankedItem]
        let unknown: [String]

        /// Appends a `RecommendationReply` as JSON.
        func append(to bytes: inout [UInt8]) { model.append(kind, items, unknown: unknown, to: &bytes) }
    }

    let arms: ModelArms
    let queue: ScoringQueue
    let events: StoredEvents
    let limits: ServiceConfiguration.Limits
    let metrics: PrometheusRegistry
    /// For searches of titles and encoding long replies.
    let aside = WorkQueue(DispatchQueue(label: "foldin.aside", qos: .userInitiated), limit: 64)

    /// Items for a history or, if it is empty, for the stored events of the user; popular items, marked as such, if the model has none of its
    /// ids.
    ///
    /// Items that the user rated low are not part of the history, and are not recommended.
    ///
    /// - Parameter isPart: whether the request is one of a batch.
    /// - Throws: `Problem` when the request is invalid, or too many requests wait.
    func recommend(_ request: RecommendationRequest, asPart isPart: Bool = false) async throws -> Recommended {
        let ranking = (top: request.top ?? 10, offset: request.offset ?? 0)
        try check(ranking.top, in: 1...limits.top, "items in \"top\"")
        try check(ranking.offset, in: 0...limits.offset, "items in \"offset\"")
        for (name, ids) in [("history", request.history), ("exclude", request.exclude ?? []), ("allow", request.allow ?? [])] {
            try check(ids.count, in: 0...limits.ids, "ids in \"\(name)\"")
        }
        try check(request)
        var kept = EventHistory(liked: request.history)
        if request.history.isEmpty, let user = request.user { kept = try await events.history(of: user) }
        let model = arms.model(for: request.user)
        let history = model.split(kept.liked)
        let excluded = model.split(request.exclude ?? [])
        let allowed = request.allow.map(model.split)
        let ranker = Ranking(
            top: ranking.top, offset: ranking.offset, masked: history.known + model.split(kept.others).known + excluded.known,
            allowed: allowed?.known)
        let unknown = history.unknown + excluded.unknown + (allowed?.unknown ?? [])
        let items = model.model.itemCount
        guard !history.known.isEmpty else {
            var scores = model.popularScores
            count(.popular, model)
            let best = scores.withUnsafeMutableBufferPointer { scores in
                scores.baseAddress.map { ranker.best(of: ScoringQueue.Scores(pointer: $0, items: items)) }
            }
            return Recommended(model: model, kind: .popular, items: try finite(best ?? [], model), unknown: unknown)
        }
        let best = try finite(try await queue.score([history.known], by: model, asPart: isPart) { ranker.best(of: $0) }, model)
        count(.personal, model)
        return Recommended(model: model, kind: .personal, items: best, unknown: unknown)
    }

    /// Recommendations for a batch of requests, in their order. An invalid request fails the batch.
    func recommend(_ requests: [RecommendationRequest]) async throws -> [Recommended] {
        try check(requests.count, in: 0...limits.batch, "requests")
        var replies: [Recommended] = []
        let width = queue.rowsPerPart(arms.main.current)
        for start in stride(from: 0, to: requests.count, by: width) {
            let piece = requests[start..<min(requests.count, start + width)]
            replies += try await withThrowingTaskGroup { group in
                for (place, request) in zip(piece.indices, piece) {
                    group.addTask {
                        do { return (place, try await recommend(request, asPart: requests.count > 1)) } catch let problem
                            as Problem
                        {
                            throw problem.status == .unprocessableContent ? problem.at("request \(place)") : problem
                        }
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }.sorted { $0.0 < $1.0 }.map(\.1)
            }
        }
        return replies
    }

    /// Recommendations for a batch of requests: a `BatchReply` as JSON.
    func batch(_ requests: [RecommendationRequest]) async throws -> [UInt8] {
        let replies = try await recommend(requests)
        return try await aside.perform {
            var bytes = Array("{\"replies\":[".utf8)
            for (place, reply) in replies.enumerated() {
                if place > 0 { bytes.append(UInt8(ascii: ",")) }
                reply.append(to: &bytes)
            }
            bytes.append(contentsOf: "]}".utf8)
            return bytes
        }
    }

    /// Items by words of their titles.
    func items(matching query: String, count: Int) async throws -> ItemsReply {
        guard TitleIndex.words(of: query).count <= TitleIndex.maxWords else {
            throw Problem.malformed(
                found: "a \"query\" of too many words", expected: "at most \(TitleIndex.maxWords) different words")
        }
        let served = arms.main.current
        return ItemsReply(items: try await aside.perform { served.titles.search(query, count: count).map(served.summary) })
    }

    /// The items that are most similar to an item, by the cosine of their vectors in the last layer: a `SimilarReply` as JSON.
    func similar(to item: String, count: Int) async throws -> [UInt8] {
        let served = arms.main.current
        guard let index = served.ids.index(of: item) else {
            throw Problem.notFound("found an item that the model does not know; expected one that it knows")
        }
        return try await queue.perform(of: served) {
            guard let found = served.recommender.mostSimilar(count, to: index) else {
                throw Problem.notComparable(served.model.summary)
            }
            let similar = found.map { RankedItem(item: $0.item, score: $0.score) }
            var bytes: [UInt8] = []
            served.appendSimilar(try finite(similar, served), to: &bytes)
            return bytes
        }
    }

    /// The cost of a request for explanations, in requests for recommendations: one per history that is scored, and one per thousand reasons.
    static func weight(of request: ExplanationRequest) -> Int {
        let reasons = min(request.top ?? .max, request.history.count).multipliedReportingOverflow(by: request.items.count)
        return 1 + request.history.count + (reasons.overflow ? 0 : reasons.partialValue / 1_000)
    }

    /// What each item of a history adds to the scores of some items: the score for the whole history minus the score without that item. An
    /// `ExplanationReply` as JSON.
    func explain(_ request: ExplanationRequest) async throws -> [UInt8] {
        try check(request.history.count, in: 1...limits.explained, "ids in \"history\"")
        try check(request.items.count, in: 1...limits.explained, "ids in \"items\"")
        let top = request.top ?? limits.explained
        try check(top, in: 1...limits.explained, "reasons in \"top\"")
        let reasons = min(top, request.history.count) * request.items.count
        guard reasons <= limits.reasons else {
            throw Problem.invalid(
                found: "\(reasons) reasons, \(min(top, request.history.count)) for each of \(request.items.count) items",
                expected: "at most \(limits.reasons) in a reply: fewer items or a smaller \"top\"")
        }
        let served = arms.model(for: request.user)
        let history = served.split(request.history)
        let items = served.split(request.items)
        var seen: Set<Int> = []
        let known = history.known.filter { seen.insert($0).inserted }
        let explained = items.known
        let targets = explained.map(Int32.init)
        var scores: [[Float]] = []
        let width = queue.rowsPerPart(served)
        for start in stride(from: 0, through: known.count, by: width) {
            // Row 0 is the whole history; row i is without its item i - 1.
            let rows = (start..<min(known.count + 1, start + width)).map { row in
                known.indices.filter { $0 != row - 1 }.map { known[$0] }
            }
            scores += try await queue.score(rows, by: served, asPart: true) { scores in
                rows.indices.map { row in scores.exact(targets, row: row) }
            }
        }
        let all = scores
        var named: Set<String> = []
        let unknown = (history.unknown + items.unknown).filter { named.insert($0).inserted }
        return try await aside.perform {
            guard all.allSatisfy({ $0.allSatisfy(\.isFinite) }) else { throw Problem.notFinite(served.tag) }
            var bytes = Array("{\"explanations\":[".utf8)
            for (place, item) in explained.enumerated() {
                if place > 0 { bytes.append(UInt8(ascii: ",")) }
                let contributions = known.indices.map { all[0][place] - all[$0 + 1][place] }
                let strongest = known.indices.sorted { contributions[$0] > contributions[$1] }.prefix(top)
                bytes.append(contentsOf: "{\"because\":[".utf8)
                for (rank, reason) in strongest.enumerated() {
                    if rank > 0 { bytes.append(UInt8(ascii: ",")) }
                    served.appendNames(of: known[reason], to: &bytes)
                    bytes.append(contentsOf: ",\"contribution\":\(contributions[reason])}".utf8)
                }
                // The fields of the item itself, in the same object.
                bytes.append(contentsOf: "],".utf8)
                var names: [UInt8] = []
                served.appendNames(of: item, to: &names)
                bytes.append(contentsOf: names.dropFirst())
                bytes.append(contentsOf: ",\"score\":\(all[0][place])}".utf8)
            }
            bytes.append(contentsOf: "],".utf8)
            served.appendTag(to: &bytes)
            bytes.append(contentsOf: ",\"unknown\":".utf8)
            JSON.append(unknown, to: &bytes)
            bytes.append(UInt8(ascii: "}"))
            return bytes
        }
    }

    /// `items`, best first, if their scores are finite. Models are validated when they are loaded; this check is a cheap second one: NaN is
    /// never among the best, and infinity would be first or last.
    private func finite(_ items: [RankedItem], _ model: ServedModel) throws -> [RankedItem] {
        guard items.first?.score.isFinite ?? true, items.last?.score.isFinite ?? true else { throw Problem.notFinite(model.tag) }
        return items
    }

    private func count(_ kind: RecommendationReply.Kind, _ model: ServedModel) {
        Counter(
            label: "foldin_recommendations_total", dimensions: [("arm", model.tag.arm), ("kind", kind.rawValue)], factory: metrics
        ).increment()
    }

    /// Refuses lists that would have another effect than intended: unknown ids in `exclude`, and only unknown ids in `allow`.
    private func check(_ request: RecommendationRequest) throws {
        let unknown = (request.exclude ?? []).filter { !arms.know($0) }
        if !unknown.isEmpty {
            throw Problem.invalid(found: "\(Answers.list(unknown)) in \"exclude\"", expected: "ids of items that the model knows")
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
#endif
