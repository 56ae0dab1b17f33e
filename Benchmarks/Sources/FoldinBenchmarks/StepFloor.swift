import CMachinePeak
import Foldin
import FoldinKernels

/// The shape of a training step, and the work that no implementation of the exact maths can leave out.
struct StepShape {
    let items: Int, interactionsPerUser: Double, batch: Int
    let hidden = 600, latent = 200

    /// Floating-point operations: three products for each dense layer, two for the sparse first one.
    var operations: Double {
        let dense = 6 * Double(batch) * Double(hidden * items + hidden * 2 * latent + latent * hidden)
        return dense + 4 * Double(batch) * interactionsPerUser * Double(hidden)
    }

    /// Bytes to and from memory: Adam reads and writes a weight and its two moments (24 a weight), the forward pass reads the
    /// decoder's weights (4), the scores are written, a line being fetched first, and read again (12).
    var bytes: Double {
        let weights = Double(2 * items * hidden + hidden * 3 * latent)
        return 24 * weights + 4 * Double(items * hidden) + 12 * Double(batch * items)
    }
}

/// A training step beside the floor: operations / measured peak + bytes / measured bandwidth, all in one run.
struct StepFloorReport: Encodable {
    let items: Int, interactionsPerUser: Double, batch: Int, threads: Int
    let gigaOperations: Double, gigabytes: Double, peakGflops: Double, bandwidthGbs: Double
    let floorMs: Double, stepMs: Double, ratio: Double
    let measurements: [Measurement]

    init(_ shape: StepShape, rounds: Int, workers: Workers) throws {
        let users = 20_000
        let matrix = try SyntheticRatings(
            users: users, items: shape.items, meanInteractions: shape.interactionsPerUser, seed: 98_765
        ).matrix(workers: workers)
        let session = try Trainer(
            MultVAE(latent: shape.latent, hidden: [shape.hidden]), schedule: Schedule(batchSize: shape.batch), seed: 1,
            workers: workers
        ).session(on: matrix)
        let order = Shuffle.order(users, pass: 1, seed: 1)
        var number = 0
        let peaks = Peaks(workers: workers)
        let benchmarks = [
            Benchmark(name: "training step", amount: shape.operations, unit: "GFLOP/s") {
                let start = number * shape.batch % (users - shape.batch + 1)
                session.run(
                    order[start..<start + shape.batch], SessionUpdate(number: number, beta: 0.1, adam: Adam()))
                number += 1
            },
            peaks.arithmetic(PEAK_FLOAT32), peaks.bandwidth(),
        ]
        let found = Harness(rounds: rounds, secondsARound: 0.4).measure(benchmarks)
        (items, interactionsPerUser, batch, threads) = (shape.items, shape.interactionsPerUser, shape.batch, workers.count)
        gigaOperations = shape.operations / 1e9
        gigabytes = shape.bytes / 1e9
        peakGflops = found[1].rate ?? 0
        bandwidthGbs = found[2].rate ?? 0
        floorMs = gigaOperations / peakGflops * 1e3 + gigabytes / bandwidthGbs * 1e3
        stepMs = found[0].medianMs
        ratio = stepMs / floorMs
        measurements = found
    }
}
