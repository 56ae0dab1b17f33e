import FoldinEvaluation
import FoldinInteractions
import FoldinKernels
import FoldinModels
import FoldinSupport

/// Blends models by the weights that the validation users like best.
///
/// Scores of different kinds of model have different spreads, so what is searched is a model's share: its weight is share / spread, the
/// spread being the standard deviation of a user's scores, averaged over validation users. Shares are multiples of 1/40 that add up to 1: each model
/// alone and the even blends come first, then steps from one model to another, from 1/5 down to 1/40, as long as one makes the blend better. A
/// model that makes nothing better is left out.
public struct BlendSearch: Sendable {
    /// The shares that make up 1.
    private static let units = 40
    /// The steps of the search, in units.
    private static let steps = [8, 4, 2, 1]

    /// What is to be best on the validation users.
    public let metric: Metric
    /// The threads to use; results do not depend on their number.
    public let workers: Workers

    /// A search by a validation metric.
    public init(metric: Metric = .ndcg(at: 100), workers: Workers = Workers()) { (self.metric, self.workers) = (metric, workers) }

    /// The blend of `models`, with the ids and titles of the first.
    ///
    /// Costs two evaluations of each model, and the sums of a few hundred scores for each user and blend that is tried: a user's best items by
    /// each model are scored once. Takes 4 bytes per model for each of these.
    ///
    /// - Parameters:
    ///   - models: at least one, all of the dataset's items.
    ///   - dataset: the dataset whose validation users choose the weights.
    ///   - isCancelled: called often; the search ends when it returns true.
    ///   - tried: called with the share of each model in a blend and what it came to.
    ///   - chosen: called with the weight of each model, 0 for one that is left out, and the metric of the blend.
    /// - Throws: `FoldinError` of kind `usage` without validation users; `CancellationError`.
    public func blend(
        _ models: [TrainedModel], on dataset: PreparedDataset, isCancelled: () -> Bool = { Task.isCancelled },
        tried: (_ shares: [Float], _ value: Double) -> Void = { _, _ in },
        chosen: (_ weights: [Float], _ result: EvaluationReport.Result) -> Void = { _, _ in }
    ) throws -> TrainedModel {
        precondition(!models.isEmpty, "a blend needs a model")
        let users = dataset.validation
        guard users.heldOut.count > 0 else {
            throw FoldinError(
                .usage, found: "a dataset without held-out items of validation users", expected: "some to choose the weights by")
        }
        if isCancelled() { throw CancellationError() }
        let spreads = models.map { spread($0, users) }
        func blend(_ shares: [Int]) -> Blend {
            let members = zip(models, zip(shares, spreads)).filter { $0.1.0 > 0 }
            return Blend(members.map { Blend.Member($0.model, weight: Float($1.0) / $1.1) })
        }
        let candidates =
            metric.kind.isPerUser && !metric.kind.needsTraining
            ? try BlendCandidates(models.map(\.model), users, metric: metric, workers: workers, isCancelled: isCancelled) : nil
        let shares = try search(models.count) { shares in
            let value: Double?
            if let candidates {
                value = try candidates.value(of: zip(shares, spreads).map { Float($0) / $1 }, isCancelled: isCancelled)
            } else {
                value = try self.result(of: blend(shares), on: dataset, isCancelled: isCancelled).mean
            }
            tried(shares.map { Float($0) / Float(Self.units) }, value ?? -.infinity)
            return value ?? -.infinity
        }
        let best = blend(shares).scaled()
        var weights = best.members.map(\.weight).makeIterator()
        let result = try result(of: best, on: dataset, isCancelled: isCancelled)
        chosen(shares.map { $0 > 0 ? weights.next() ?? 0 : 0 }, result)
        var model = model(of: best, for: dataset)
        model.card.options["metric"] = metric.description
        model.card.metrics["validation \(metric)"] = result.mean
        return model
    }

    private func result(
        of blend: Blend, on dataset: PreparedDataset, isCancelled: () -> Bool
    ) throws -> EvaluationReport.Result {
        try Evaluator([metric], workers: workers).evaluate(
            blend, on: dataset.validation, training: dataset.train, isCancelled: isCancelled
        ).results[0]
    }

    /// The best shares that were found, in units; the first of equals.
    private func search(_ models: Int, value: ([Int]) throws -> Double) throws -> [Int] {
        var known: [[Int]: Double] = [:]
        func measured(_ shares: [Int]) throws -> Double {
            if let value = known[shares] { return value }
            let result = try value(shares)
            known[shares] = result
            return result
        }
        var best = (shares: [Int](), value: -Double.infinity)
        func take(_ shares: [Int]) throws -> Bool {
            let value = try measured(shares)
            guard best.shares.isEmpty || value > best.value else { return false }
            best = (shares, value)
            return true
        }
        func even(_ members: [Int]) -> [Int] {
            var shares = [Int](repeating: 0, count: models)
            for (place, member) in members.enumerated() {
                shares[member] = Self.units * (place + 1) / members.count - Self.units * place / members.count
            }
            return shares
        }
        for model in 0..<models { _ = try take(even([model])) }
        for first in 0..<models { for second in first + 1..<max(models, first + 1) { _ = try take(even([first, second])) } }
        if models > 2 { _ = try take(even(Array(0..<models))) }
        for step in Self.steps {
            var isBetter = true
            while isBetter {
                isBetter = false
                let start = best.shares
                for from in 0..<models where start[from] >= step {
                    for to in 0..<models where to != from {
                        var moved = start
                        moved[from] -= step
                        moved[to] += step
                        if try take(moved) { isBetter = true }
                    }
                }
            }
        }
        return best.shares
    }

    /// The blend of `models` by weights that are known, one a model and not all 0.
    public func blend(_ models: [TrainedModel], weights: [Float], for dataset: PreparedDataset) -> TrainedModel {
        precondition(models.count == weights.count, "\(weights.count) weights for \(models.count) models")
        let members = zip(models, weights).filter { $0.1 != 0 }.map { Blend.Member($0.0.model, weight: $0.1) }
        return model(of: Blend(members), for: dataset)
    }

    private func model(of blend: Blend, for dataset: PreparedDataset) -> TrainedModel {
        let members = blend.members.map(\.model.summary)
        let card = ModelCard(
            options: [
                "model": "blend", "members": members.joined(separator: "; "),
                "weights": blend.members.map { "\($0.weight)" }.joined(separator: ", "),
            ], dataChecksum: dataset.checksum, likedAbove: dataset.likedAbove)
        return TrainedModel(blend, items: dataset.items, titles: dataset.titles, card: card)
    }

    /// The mean over the first users of the standard deviation of a user's scores; 1 where all scores are the same.
    private func spread(_ scorer: some Scorer, _ users: HeldOutUsers) -> Float {
        let (rows, items) = (0..<min(users.count, ScoredBlock.usersAtOnce(500, items: scorer.itemCount)), scorer.itemCount)
        let scores = FloatBuffer(count: rows.count * items)
        scorer.score(users.foldIn, rows: rows, into: scores.pointer, workers: workers)
        var sum = 0.0
        for row in rows {
            let own = UnsafeBufferPointer(start: scores.pointer + row * items, count: items)
            let mean = own.reduce(0.0) { $0 + Double($1) } / Double(items)
            sum += (own.reduce(0.0) { $0 + (Double($1) - mean) * (Double($1) - mean) } / Double(items)).squareRoot()
        }
        let spread = Float(sum / Double(max(1, rows.count)))
        return spread > 0 && spread.isFinite ? spread : 1
    }
}
