import Foundation

/// One line of the results.
struct Measurement: Encodable {
    let name: String
    /// Milliseconds a call: the median of the rounds, the least and the most.
    let medianMs: Double, leastMs: Double, mostMs: Double
    /// What was done a second, in units of 10^9: operations, bytes or rows; nil where it says nothing.
    let rate: Double?
    let unit: String?
}

/// A piece of work to be timed.
struct Benchmark {
    let name: String
    /// What one call does, in `unit`s: floating-point operations, bytes, rows.
    let amount: Double
    let unit: String
    let run: () -> Void
}

/// Times benchmarks alternately, in rounds, so that a slow minute of the machine meets all of them.
struct Harness {
    let rounds: Int
    /// A round calls a benchmark until so much time has passed, and takes the mean of the calls.
    var secondsARound = 0.05

    func measure(_ benchmarks: [Benchmark]) -> [Measurement] {
        var milliseconds = [[Double]](repeating: [], count: benchmarks.count)
        for benchmark in benchmarks { benchmark.run() }  // pages and caches
        for _ in 0..<rounds {
            for (index, benchmark) in benchmarks.enumerated() {
                milliseconds[index].append(round(benchmark))
            }
        }
        return zip(benchmarks, milliseconds).map { benchmark, times in
            let sorted = times.sorted()
            let median = sorted[sorted.count / 2]
            return Measurement(
                name: benchmark.name, medianMs: median, leastMs: sorted[0], mostMs: sorted[sorted.count - 1],
                rate: benchmark.amount / median / 1e6, unit: benchmark.unit)
        }
    }

    private func round(_ benchmark: Benchmark) -> Double {
        let began = ContinuousClock.now
        var calls = 0
        var elapsed = Duration.zero
        repeat {
            benchmark.run()
            calls += 1
            elapsed = ContinuousClock.now - began
        } while elapsed < .seconds(secondsARound)
        return elapsed / .milliseconds(1) / Double(calls)
    }
}

/// Prints measurements as a plain table.
func printTable(_ title: String, _ measurements: [Measurement]) {
    print("\n\(title)")
    for line in measurements {
        let rate = line.rate.map { String(format: "%9.2f ", $0) + (line.unit ?? "") } ?? ""
        print(
            "  " + line.name.padding(toLength: 44, withPad: " ", startingAt: 0)
                + String(format: "%10.4f ms (%.4f to %.4f)", line.medianMs, line.leastMs, line.mostMs) + rate)
    }
}
