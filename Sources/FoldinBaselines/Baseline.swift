import FoldinInteractions
import FoldinKernels
import FoldinModels
import FoldinSupport

/// A model that is worked out from the training matrix at once, without epochs. Where it starts from random numbers, their seed is one of its
/// options.
public protocol Baseline: Sendable {
    /// What `--model` calls it.
    static var name: String { get }
    /// Its options as the command takes them, without leading dashes and without `model`.
    var options: [String: String] { get }

    /// Computes the model. The same matrix and options give the same bits for any number of workers.
    ///
    /// - Parameters:
    ///   - training: the training users' clicks.
    ///   - workers: the threads to use.
    ///   - isCancelled: called often; the fit ends when it returns true.
    ///   - progress: called often with the fraction that is done.
    /// - Throws: `FoldinError` for invalid options, or if there is not enough memory; `CancellationError`.
    func fit(
        _ training: InteractionMatrix, workers: Workers, isCancelled: () -> Bool, progress: (Double) -> Void
    ) throws -> any Model

    /// The part of the fit that the options of the family's `freeAxes` do not change; nil, the default, if there is none.
    ///
    /// - Throws: as `fit`.
    func solve(
        _ training: InteractionMatrix, workers: Workers, isCancelled: () -> Bool, progress: (Double) -> Void
    ) throws -> (any SolvedFit)?
}

/// A fit that several models share, which differ in options that cost no new fit.
public protocol SolvedFit: Sendable {
    /// Scores as the model with the options of `baseline` does, up to rounding, but for the items of a history.
    func scorer(of baseline: any Baseline) -> any Scorer

    /// The model with the options of `baseline`, the same bits as its `fit` gives. May be called once: it uses the memory of the fit.
    func model(of baseline: any Baseline, workers: Workers) -> any Model
}

extension Baseline {
    public func solve(
        _ training: InteractionMatrix, workers: Workers, isCancelled: () -> Bool, progress: (Double) -> Void
    ) throws -> (any SolvedFit)? { nil }

    /// The model of a dataset's training users, with its ids, titles and a card.
    ///
    /// - Throws: as `fit`, and `FoldinError` for a dataset without training clicks.
    public func train(
        on dataset: PreparedDataset, workers: Workers = Workers(), isCancelled: () -> Bool = { Task.isCancelled },
        progress: (Double) -> Void = { _ in }
    ) throws -> TrainedModel {
        guard dataset.train.count > 0 else {
            throw FoldinError(.badData, found: "no training interactions", expected: "at least one training user with a click")
        }
        return trained(
            try fit(dataset.train, workers: workers, isCancelled: isCancelled, progress: progress), on: dataset)
    }

    /// A model of the dataset with its ids, titles and a card.
    func trained(_ model: any Model, on dataset: PreparedDataset) -> TrainedModel {
        let card = ModelCard(
            options: options.merging(["model": Self.name]) { $1 }, dataChecksum: dataset.checksum, likedAbove: dataset.likedAbove)
        return TrainedModel(
            model, items: dataset.items, titles: dataset.titles, clicks: dataset.train.itemCounts(), card: card)
    }
}

/// A number as an option has it: `500` and not `500.0`.
func optionText(_ value: Double) -> String { value == value.rounded() && abs(value) < 1e9 ? String(Int(value)) : "\(value)" }
