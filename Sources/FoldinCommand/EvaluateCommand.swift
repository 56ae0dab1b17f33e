import ArgumentParser
import Foldin
import FoldinConfiguration
import FoldinKernels

/// `foldin evaluate`: a model's figures on held-out users.
struct EvaluateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "evaluate", abstract: "Measure a model on a prepared directory's held-out users.",
        discussion: """
            Metrics: ndcg@k, recall@k (hits over min(k, held out), the paper's), recall-all@k (hits over held out), precision@k, \
            hit-rate@k, mrr@k, map@k, coverage@k, gini@k and popularity@k. MODEL is a file of foldin's, the run directory that \
            it is in, or a bare PyTorch state_dict saved as safetensors. The latter does not say where tanh goes: --activations does; \
            without it the paper's placement is taken. A state_dict with names of its own needs --tensor-names.
            """)

    @Argument(
        help: ArgumentHelp("A model file, or a run directory.", valueName: "model"),
        completion: .file(extensions: ["safetensors"]))
    var model: String
    @Argument(help: ArgumentHelp("A directory made by foldin prepare.", valueName: "dir"), completion: .directory)
    var directory: String
    @Option(name: .customLong("on"), help: "Which held-out users.") var part: HeldOutPart = .test
    @Option(help: "What to measure.") var metrics = "ndcg@100,recall@20,recall@50"
    @Option(help: "Where tanh goes, if the file does not say. (default: paper)")
    var activations: Architecture.Activations?
    @Option(
        help: ArgumentHelp(
            "Names of a state_dict's tensors as TOML: lines such as \"q_layers.0.weight\" = \"encode.q_layers.linear_0.weight\".",
            valueName: "file"), completion: .file())
    var tensorNames: String?
    @OptionGroup var work: WorkerOptions
    @Flag(help: "Print one JSON document.") var json = false

    func run() throws {
        let metrics = try Metric.list(named: metrics)
        let names = try tensorNames.map { try TensorNamesFile(contentsOf: $0).names } ?? [:]
        let trained = try TrainedModel(contentsOf: model, activations: activations, tensorNames: names)
        let dataset = try PreparedDataset(contentsOf: directory)
        try trained.check(fits: dataset, file: model, directory: directory)
        if let assumed = trained.assumedActivations {
            let other: Architecture.Activations = assumed == .paper ? .article : .paper
            Console.note(
                "\(model) does not say where tanh goes: taken as with --activations \(assumed.rawValue); "
                    + "the other placement is --activations \(other.rawValue)")
        }
        dataset.noteLeakage(in: [part])
        noteCutoffs(of: metrics, items: trained.itemCount)
        let scores = try Evaluator(metrics, workers: work.workers).userMetrics(
            trained, on: part == .test ? dataset.test : dataset.validation, training: dataset.train)
        scores.noteTies()
        let report = scores.report
        if json { try Console.json(report) } else { try Console.result(report.description) }
    }
}
