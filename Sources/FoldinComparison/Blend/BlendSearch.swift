import FoldinEvaluation
import FoldinInteractions
import FoldinKernels
import FoldinModels
import FoldinSupport

/// Blends models by the weights that the validation users like best.
///
/// Scores of different kinds of model have different spreads, so what is tried is a model's share: its weight is share / spread, the
/// spread being the standard deviation of a user's scores, averaged over validation users. The first two models are blended, then
/// that blend with the third, and so on; a model that makes nothing better is left out.
public struct BlendSearch: Sendable {
    /// The shares of the next model that are tried beside the models before it.
    public static let shares: [Float] = [0, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1]

    /// What is to be best on the validation users.
    public let metric: Metric
    /// The threads to use; results do not depend on their number.
    public let workers: Workers

    /// A search by a validation metric.
    public init(metric: Metric = .ndcg(at: 100), workers: Workers = Workers()) { (self.metric, self.workers) = (metric, workers) }

    /// The blend of `models`, with the ids and titles of the first.
    ///
    /// Costs an evaluation of the validation users for each share and model but the first.
    ///
    /// - Parameters:
    ///   - models: at least one, all of the dataset's items.
    ///   - dataset: the dataset whose validation users choose the weights.
    ///   - isCancelled: called often; the search ends when it returns true.
    ///   - tried: called with each share of the model that is being added and what it came to.
    /// - Throws: `FoldinError` of kind `usage` without validation users; `CancellationError`.
    public func blend(
        _ models: [TrainedModel], on dataset: PreparedDataset, isCancelled: () -> Bool = { Task.isCancelled },
        tried: (_ model: Int, _ share: Float, _ value: Double) -> Void = { _, _, _ in }
    ) throws -> TrainedModel {
        precondition(!models.isEmpty, "a blend needs a model")
        guard dataset.validation.heldOut.count > 0 else {
            throw FoldinError(
                .usage, found: "a dataset without held-out items of validation users", expected: "some to choose the weights by")
        }
        var blend = Blend([Blend.Member(models[0].model, weight: 1)])
        var best: Double?
        for (index, model) in models.enumerated().dropFirst() {
            let (before, added) = (spread(blend, dataset.validation), spread(model, dataset.validation))
            func mixed(_ share: Float) -> Blend {
                let parts = [(blend as any Model, (1 - share) / before), (model.model, share / added)]
                return Blend(parts.filter { $0.1 != 0 }.map { Blend.Member($0.0, weight: $0.1) })
            }
            var chosen: (blend: Blend, value: Double)?
            for share in Self.shares {
                let candidate = mixed(share)
                let value =
                    try Evaluator([metric], workers: workers).evaluate(
                        candidate, on: dataset.validation, training: dataset.train,
                        isCancelled: isCancelled
                    ).results[0].mean ?? -.infinity
                tried(index, share, value)
                if value > chosen?.value ?? -.infinity { chosen = (candidate, value) }
            }
            if let chosen { (blend, best) = (chosen.blend, chosen.value) }
        }
        var model = model(of: blend.scaled(), for: dataset)
        model.card.options["metric"] = metric.description
        model.card.metrics["validation \(metric)"] = best
        return model
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
