import ArgumentParser
import Foldin
import FoldinKernels

/// `foldin evaluate`: a model's figures on held-out users.
struct EvaluateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "evaluate", abstract: "Measure a model on a prepared directory's held-out users.",
        discussion: """
            Metrics: ndcg@k, recall@k (hits over min(k, held out), the paper's), recall-all@k (hits over held out), precision@k, \
            hit-rate@k, mrr@k, map@k, coverage@k and popularity@k. MODEL is a file of foldin's or a bare PyTorch state_dict \
            saved as safetensors; the latter does not say where tanh goes: --activations does.
            """)

    enum Part: String, CaseIterable, ExpressibleByArgument { case validation, test }

    @Argument(help: ArgumentHelp("A model file.", valueName: "model")) var model: String
    @Argument(help: ArgumentHelp("A directory made by foldin prepare.", valueName: "dir")) var directory: String
    @Option(name: .customLong("on"), help: "Which held-out users.") var part: Part = .test
    @Option(help: "What to measure.") var metrics = "ndcg@100,recall@20,recall@50"
    @Option(help: "Where tanh goes, if the file does not say.")
    var activations: Architecture.Activations?
    @OptionGroup var work: WorkerOptions
    @Flag(help: "Print one JSON document.") var json = false

    func run() throws {
        let metrics = try Metric.list(named: metrics)
        let trained = try TrainedModel(contentsOf: model, activations: activations)
        let dataset = try PreparedDataset(contentsOf: directory)
        try trained.check(fits: dataset, model: model, directory: directory)
        dataset.noteLeakage()
        let report = try Evaluator(metrics, workers: work.workers).evaluate(
            trained, on: part == .test ? dataset.test : dataset.validation, training: dataset.train)
        if json { try Console.json(report) } else { Console.result(report.description) }
    }
}

extension TrainedModel {
    /// A model is for exactly the dataset's items in the dataset's order.
    ///
    /// - Throws: `FoldinError` that names `model` and `directory`, where the two are from.
    func check(fits dataset: PreparedDataset, model: String, directory: String) throws {
        guard itemCount == dataset.items.count else {
            throw FoldinError(
                .badData, file: model, found: "a model of \(itemCount) items",
                expected: "one of the \(dataset.items.count) items of \(directory)")
        }
        guard let items, items != dataset.items else { return }
        let place = zip(items.ids, dataset.items.ids).enumerated().first { !$1.0.utf8.elementsEqual($1.1.utf8) }
        let difference = place.map { "item \($0.offset) is \"\($0.element.0)\" in the model and \"\($0.element.1)\" in the data" }
        throw FoldinError(
            .badData, file: model, found: difference ?? "other items",
            expected: "a model trained on \(directory), or on the same items in the same order")
    }
}
