import ArgumentParser
import Foldin
import FoldinKernels
import Foundation

/// `foldin bench`: how fast is it here?
struct BenchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench", abstract: "Measure speed on this machine.",
        subcommands: [BenchStepCommand.self, BenchDataCommand.self, BenchReadCommand.self])
}

/// `foldin bench step`: training steps on a made matrix.
struct BenchStepCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "step", abstract: "Time training steps on a made users x items matrix.")

    @Option(help: "Users of the made matrix.") var users = 20_000
    @Option(help: "Items of the made matrix.") var items = 20_108
    @Option(help: "Mean interactions per user.") var meanInteractions = 73.0
    @Option(help: "Steps to time.") var steps = 20
    @Option(help: "Steps before, not timed.") var warmUp = 5
    @Option(help: "Users per batch.") var batchSize = 500
    @OptionGroup var network: NetworkOptions
    @Option(help: "Seed of the matrix and the weights.") var seed: UInt64 = 98_765
    @OptionGroup var computing: ComputeOptions
    @OptionGroup var work: WorkerOptions
    @Flag(help: "Print one JSON document.") var json = false

    func validate() throws {
        for (name, value) in [("users", users), ("items", items), ("steps", steps), ("batch-size", batchSize)] where value < 1 {
            throw ValidationError("--\(name): found \(value); expected at least 1")
        }
        guard meanInteractions > 0, meanInteractions <= Double(items) else {
            throw ValidationError("--mean-interactions: found \(meanInteractions); expected more than 0 and at most the items")
        }
    }

    func run() throws {
        let matrix = try SyntheticRatings(
            users: users, items: items, meanInteractions: meanInteractions, seed: seed
        ).matrix(workers: work.workers)
        let timed = try TimedSteps(
            of: matrix, network, computing, batchSize: batchSize, steps: steps, warmUp: warmUp, seed: seed, workers: work.workers)
        let report = StepReport(
            users: users, items: items, batch: batchSize, interactions: matrix.count, threads: work.workers.count,
            precision: timed.precision, milliseconds: timed.milliseconds, parts: timed.parts)
        if json { try Console.json(report) } else { try Console.result(report.text) }
    }
}

/// What `bench step` measured; times are medians in milliseconds.
private struct StepReport: Encodable {
    let users: Int, items: Int, batch: Int, interactions: Int, threads: Int, steps: Int
    let medianMs: Double, p95Ms: Double, p99Ms: Double, usersPerSecond: Double
    let breakdownMs: [String: Double]
    let blas: String
    let precision: Precision
    let peakMemoryMb: Double

    init(
        users: Int, items: Int, batch: Int, interactions: Int, threads: Int, precision: Precision, milliseconds: [Double],
        parts: [StepTimes]
    ) {
        (self.users, self.items, self.batch, self.interactions, self.threads) = (users, items, batch, interactions, threads)
        steps = milliseconds.count
        medianMs = percentile(milliseconds, 0.5)
        p95Ms = percentile(milliseconds, 0.95)
        p99Ms = percentile(milliseconds, 0.99)
        usersPerSecond = (Double(batch) / medianMs * 1000).rounded()
        breakdownMs = [
            "input": percentile(parts.map { $0.input * 1e3 }, 0.5),
            "hidden": percentile(parts.map { $0.hidden * 1e3 }, 0.5),
            "output_forward": percentile(parts.map { $0.outputForward * 1e3 }, 0.5),
            "output_backward": percentile(parts.map { $0.outputBackward * 1e3 }, 0.5),
            "input_backward": percentile(parts.map { $0.inputBackward * 1e3 }, 0.5),
        ]
        self.precision = precision
        blas = MatrixMultiply.libraryDescription
        peakMemoryMb = Double((SystemMemory.peak ?? 0) / 1_000_000)
    }

    var text: String {
        let order = ["input", "hidden", "output_forward", "output_backward", "input_backward"]
        let lines = order.map { name in
            "  \(name.replacingOccurrences(of: "_", with: " ").padding(toLength: 16, withPad: " ", startingAt: 0))"
                + String(format: "%8.2f ms", breakdownMs[name] ?? 0)
        }
        return """
            \(users) users x \(items) items, \(interactions) interactions, batches of \(batch), \(threads) threads, \(precision.rawValue)
            \(blas)
            step: median \(String(format: "%.1f", medianMs)) ms, p95 \(String(format: "%.1f", p95Ms)), \
            p99 \(String(format: "%.1f", p99Ms)); \(Int(usersPerSecond)) users/s; peak memory \(Int(peakMemoryMb)) MB
            \(lines.joined(separator: "\n"))
            """
    }
}

/// The value below which a fraction of the values lies, to two digits.
func percentile(_ values: [Double], _ fraction: Double) -> Double {
    let sorted = values.sorted()
    let index = min(sorted.count - 1, Int((Double(sorted.count - 1) * fraction).rounded()))
    return sorted.isEmpty ? 0 : (sorted[index] * 100).rounded() / 100
}
