import ArgumentParser
import Foldin
import FoldinKernels
import Foundation

/// `foldin bench data`: times training, evaluation and recommendation on the user's own data.
struct BenchDataCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "data", abstract: "Time training, evaluation and recommendation on a prepared directory.",
        discussion: """
            Steps train a new network; evaluation is on the test users, or the validation users if there are no test users; a recommendation is \
            the ten best items for one test user. With --trained that model is evaluated instead and no step is timed.
            """)

    @Argument(help: ArgumentHelp("A directory made by foldin prepare.", valueName: "dir"), completion: .directory)
    var directory: String
    @Option(help: "Steps to time.") var steps = 30
    @Option(help: "Steps before the timed ones.") var warmUp = 5
    @Option(help: "Users per batch.") var batchSize = 500
    @Option(help: "How often to evaluate.") var evaluations = 3
    @Option(help: "Recommendations to time.") var recommendations = 1_000
    @Option(help: ArgumentHelp("Evaluate and recommend with this model.", valueName: "file"), completion: .file())
    var trained: String?
    @OptionGroup var network: NetworkOptions
    @Option(help: "Seed of the weights.") var seed: UInt64 = 98_765
    @OptionGroup var computing: ComputeOptions
    @OptionGroup var work: WorkerOptions
    @Flag(help: "Print one JSON document.") var json = false

    func validate() throws {
        for (name, value) in [
            ("steps", steps), ("batch-size", batchSize), ("evaluations", evaluations), ("recommendations", recommendations),
        ] where value < 1 {
            throw ValidationError("--\(name): found \(value); expected at least 1")
        }
        if warmUp < 0 { throw ValidationError("--warm-up: found \(warmUp); expected 0 or more") }
    }

    func run() throws {
        let dataset = try PreparedDataset(contentsOf: directory)
        var report = DataReport(
            users: dataset.train.userCount, items: dataset.items.count, interactions: dataset.train.count, batch: batchSize,
            threads: work.workers.count, matrices: MatrixMultiply.libraryDescription)
        let model: TrainedModel
        if let trained {
            model = try TrainedModel(contentsOf: trained)
            guard model.itemCount == dataset.items.count else {
                throw FoldinError(
                    .badData, file: trained, found: "a model of \(model.itemCount) items",
                    expected: "one of the \(dataset.items.count) items of \(directory)")
            }
        } else {
            model = try timeSteps(dataset, &report)
        }
        let users = dataset.test.count > 0 ? dataset.test : dataset.validation
        try timeEvaluation(model, users, &report)
        try timeRecommendations(model, users, &report)
        report.peakMemoryMb = (SystemMemory.peak ?? 0) / 1_000_000
        if json { try Console.json(report) } else { try Console.result(report.text) }
    }

    /// Times steps over users in a shuffled order, from the beginning again after the last user, and returns the trained model.
    private func timeSteps(_ dataset: PreparedDataset, _ report: inout DataReport) throws -> TrainedModel {
        let timed = try TimedSteps(
            of: dataset.train, network, computing, batchSize: batchSize, steps: steps, warmUp: warmUp, seed: seed,
            workers: work.workers)
        let users = dataset.train.userCount
        let median = percentile(timed.milliseconds, 0.5)
        report.stepMs = Percentiles(timed.milliseconds)
        report.trainedUsersPerSecond = (Double(min(batchSize, users)) / median * 1_000).rounded()
        report.epochSeconds = Double((users + batchSize - 1) / batchSize) * median / 1_000
        return TrainedModel(timed.session.model, items: dataset.items, titles: dataset.titles)
    }

    private func timeEvaluation(_ model: TrainedModel, _ users: HeldOutUsers, _ report: inout DataReport) throws {
        guard users.count > 0 else { return }
        var seconds: [Double] = []
        for _ in 0..<evaluations {
            let began = ContinuousClock.now
            let found = try Evaluator(workers: work.workers).evaluate(model, on: users)
            seconds.append((ContinuousClock.now - began) / .seconds(1))
            report.evaluation = found
        }
        report.evaluatedUsers = users.count
        report.evaluationSeconds = seconds.sorted()[seconds.count / 2]
    }

    private func timeRecommendations(_ model: TrainedModel, _ users: HeldOutUsers, _ report: inout DataReport) throws {
        let recommender = Recommender(model, workers: work.workers)
        let known = (0..<users.count).filter { !users.foldIn.row($0).isEmpty }.prefix(500)
        let histories = known.map { user in users.foldIn.row(user).map { model.items?[Int($0)] ?? "\($0)" } }
        guard !histories.isEmpty else { return }
        var result: [Recommendation] = []
        var milliseconds: [Double] = []
        for number in 0..<recommendations + 40 {  // the first calls also fill caches
            let began = ContinuousClock.now
            try recommender.recommend(10, havingLiked: histories[number % histories.count], into: &result)
            if number >= 40 { milliseconds.append((ContinuousClock.now - began) / .milliseconds(1)) }
        }
        report.recommendationMs = Percentiles(milliseconds)
    }
}

/// Three points of a distribution.
private struct Percentiles: Encodable {
    let p50: Double, p95: Double, p99: Double

    init(_ values: [Double]) {
        (p50, p95, p99) = (percentile(values, 0.5), percentile(values, 0.95), percentile(values, 0.99))
    }

    var text: String { String(format: "median %.2f ms, p95 %.2f, p99 %.2f", p50, p95, p99) }
}

/// The measurements of `bench data`; those that were not made are left out.
private struct DataReport: Encodable {
    let users: Int, items: Int, interactions: Int, batch: Int, threads: Int, matrices: String
    var stepMs: Percentiles?
    var trainedUsersPerSecond: Double?
    var epochSeconds: Double?
    var evaluatedUsers: Int?
    /// The median of several evaluations.
    var evaluationSeconds: Double?
    var evaluation: EvaluationReport?
    var recommendationMs: Percentiles?
    var peakMemoryMb = 0

    var text: String {
        var lines = [
            "\(users) users x \(items) items, \(interactions) interactions, batches of \(batch), \(threads) threads", matrices,
        ]
        if let stepMs, let trainedUsersPerSecond, let epochSeconds {
            lines.append(
                "step            \(stepMs.text); \(Int(trainedUsersPerSecond)) users/s; "
                    + String(format: "%.1f s per epoch", epochSeconds))
        }
        if let evaluatedUsers, let evaluationSeconds {
            lines.append(
                String(format: "evaluation      %.3f s for ", evaluationSeconds)
                    + "\(evaluatedUsers) users; \(Int(Double(evaluatedUsers) / evaluationSeconds)) users/s")
        }
        if let recommendationMs { lines.append("recommendation  \(recommendationMs.text)") }
        lines.append("peak memory     \(peakMemoryMb) MB")
        return lines.joined(separator: "\n")
    }
}
