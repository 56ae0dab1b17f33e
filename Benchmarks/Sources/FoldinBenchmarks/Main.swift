import ArgumentParser
import CMachinePeak
import Foldin
import FoldinKernels
import Foundation

/// The parts of Foldin one by one, and a training step beside what the machine could do at most.
@main
struct FoldinBenchmarks: ParsableCommand {
    @Option(help: "Rounds; figures are medians over them.") var rounds = 7
    @Option(help: "Threads for the step, the peaks and parsing; the other loops run on one.") var threads = 2
    @Option(help: "Items of the step.") var items = 20_108
    @Option(help: "Mean interactions per user of the step.") var interactions = 73.0
    @Option(help: "Users per batch of the step.") var batchSize = 500
    @Flag(help: "Only the step and its floor.") var onlyStep = false
    @Option(help: "Also write the results to this file, as JSON.") var json: String?

    private struct Results: Encodable {
        var step: StepFloorReport
        var micro: [Measurement]
    }

    func validate() throws {
        for (name, value) in [("rounds", rounds), ("threads", threads), ("items", items), ("batch-size", batchSize)]
        where value < 1 {
            throw ValidationError("--\(name): found \(value); expected at least 1")
        }
        guard interactions > 0, interactions <= Double(items) else {
            throw ValidationError("--interactions: found \(interactions); expected more than 0 and at most the items")
        }
    }

    func run() throws {
        let workers = Workers(count: threads)
        print(
            "\(Processor.model ?? "unknown processor"), \(threads) threads, \(rounds) rounds; \(MatrixMultiply.libraryDescription)"
        )
        let shape = StepShape(items: items, interactionsPerUser: interactions, batch: batchSize)
        let step = try StepFloorReport(shape, rounds: rounds, workers: workers)
        printTable("Step: \(items) items, \(interactions) interactions per user, batches of \(batchSize)", step.measurements)
        print(
            String(
                format: "  floor %.1f ms = %.1f GFLOP / %.0f GFLOP/s + %.2f GB / %.1f GB/s; step %.1f ms; ratio %.2f",
                step.floorMs,
                step.gigaOperations, step.peakGflops, step.gigabytes, step.bandwidthGbs, step.stepMs, step.ratio))
        var micro: [Measurement] = []
        if !onlyStep {
            let folder = NSTemporaryDirectory() + "foldin-benchmarks-\(ProcessInfo.processInfo.processIdentifier)"
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            defer { try? FileManager.default.removeItem(atPath: folder) }
            let single = Peaks(workers: Workers(count: 1))
            let peaks =
                [single.arithmetic(PEAK_FLOAT32), single.bandwidth()]
                + (single.hasBFloat16 ? [single.arithmetic(PEAK_BFLOAT16)] : [])
            micro = Harness(rounds: rounds).measure(peaks + Micro.products() + Micro.loops())
            printTable("Parts, one thread", micro)
            let parsing = Harness(rounds: rounds).measure([try Micro.parsing(workers: workers, folder: folder)])
            printTable("Parsing, \(threads) threads", parsing)
            micro += parsing
        }
        if let json {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
            encoder.keyEncodingStrategy = .convertToSnakeCase
            try encoder.encode(Results(step: step, micro: micro)).write(to: URL(fileURLWithPath: json))
        }
    }
}
