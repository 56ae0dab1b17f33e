import ArgumentParser
import Foldin
import FoldinKernels
import Foundation

/// `foldin blend`: several trained models as one.
struct BlendCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "blend", abstract: "Make one model of several: the weighted sum of their scores.",
        discussion: """
            The weights are those that the validation users like best. Models of different kinds gain most: a network and EDLAE, \
            trained on the same directory with foldin train. A model that makes nothing better is left out. Without validation \
            users, --weights says them: those found on a part of the data, for models trained on all of it. Writes to RUN: \
            model.safetensors, which holds the members whole, and run.json.
            """)

    @Argument(
        help: ArgumentHelp("Model files, two at least.", valueName: "model"), completion: .file(extensions: ["safetensors"]))
    var models: [String]
    @Option(
        help: ArgumentHelp("The directory, made by foldin prepare, that they were trained on.", valueName: "dir"),
        completion: .directory)
    var data: String
    @Option(help: ArgumentHelp("The directory to write the run to.", valueName: "run"), completion: .directory) var out: String
    @Flag(help: "Replace a run that is already there, once the new one is complete.") var overwrite = false
    @Option(help: "The validation metric that chooses the weights.") var metric = "ndcg@100"
    @Option(help: ArgumentHelp("The weights, one a model, instead of a search.", valueName: "w,w,…")) var weights: String?
    @OptionGroup var work: WorkerOptions
    @Flag(help: "Print the outcome as one JSON document.") var json = false

    func validate() throws {
        if models.count < 2 { throw ValidationError("found \(models.count) model; expected two at least") }
        if let weights, parsed(weights) == nil {
            throw ValidationError("--weights: found \(weights); expected \(models.count) numbers with commas between, not all 0")
        }
    }

    private func parsed(_ weights: String) -> [Float]? {
        let numbers = weights.split(separator: ",", omittingEmptySubsequences: false)
            .compactMap { Float($0.trimmingCharacters(in: .whitespaces)) }.filter(\.isFinite)
        return numbers.count == models.count && numbers.contains { $0 != 0 } ? numbers : nil
    }

    func run() throws {
        try Overlap.refuse(
            [Overlap.Input(data, "the prepared directory")]
                + models.map { Overlap.Input(TrainedModel.path(of: $0), "the model") },
            in: out)
        let metric = try Metric(named: metric)
        let dataset = try PreparedDataset(contentsOf: data)
        let members = try models.map { path in
            let model = try TrainedModel(contentsOf: path)
            try model.check(fits: dataset, file: path, directory: data)
            return model
        }
        let run = try RunDirectory(creating: out, overwriting: overwrite, hasEpochs: false)
        dataset.noteLeakage()
        noteReplacement(by: run)
        var isKept = false
        defer { if !isKept { run.discardUnlessCheckpointed() } }
        let interrupt = Interrupt()
        let began = ContinuousClock.now
        var values: Set<Double> = []
        var blend: TrainedModel
        do {
            let search = BlendSearch(metric: metric, workers: work.workers)
            blend =
                try weights.flatMap(parsed).map { search.blend(members, weights: $0, for: dataset) }
                ?? search.blend(
                    members, on: dataset, isCancelled: { interrupt.happened },
                    tried: { shares, value in
                        values.insert(value)
                        let text = shares.map { String(format: "%.3g", $0) }.joined(separator: ", ")
                        Console.note("shares of \(text): \(metric) \(String(format: "%.5f", value))")
                    })
        } catch is CancellationError {
            Console.note("interrupted: there is no model")
            throw ExitCode(130)
        }
        if values.count == 1 {
            Console.note("all blends have the same validation \(metric): it cannot choose, and the first model stays alone")
        }
        let seconds = (ContinuousClock.now - began) / .seconds(1)
        let show = try run.finish(&blend, seconds: seconds, on: dataset, workers: work.workers)
        isKept = true
        try show(json)
    }
}
