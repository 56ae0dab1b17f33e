import Metrics
import NIOConcurrencyHelpers
import Synchronization

/// Keeps what is measured and writes it as Prometheus's text format. A backend of swift-metrics.
final class PrometheusRegistry: MetricsFactory, Sendable {
    private struct Key: Hashable {
        let label: String
        /// `name="value",…`, as it is printed.
        let labels: String
    }

    private enum Kind: String { case counter, gauge, histogram }

    private struct Families {
        var series: [Key: any Series] = [:]
        var kinds: [String: Kind] = [:]
    }

    private let families = NIOLockedValueBox(Families())

    /// Everything measured so far, families and series in alphabetical order.
    var text: String {
        let (series, kinds) = families.withLockedValue { ($0.series, $0.kinds) }
        var text = ""
        for (label, kind) in kinds.sorted(by: { $0.key < $1.key }) {
            text += "# TYPE \(label) \(kind.rawValue)\n"
            for (key, series) in series.filter({ $0.key.label == label }).sorted(by: { $0.key.labels < $1.key.labels }) {
                text += series.lines(label, key.labels)
            }
        }
        return text
    }

    func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        series(label, dimensions, .counter) { Total() }
    }

    func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        series(label, dimensions, .gauge) { Gauge() }
    }

    func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        series(label, dimensions, .histogram) { Histogram(bounds: Histogram.seconds) }
    }

    func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
        series(label, dimensions, .histogram) { Histogram(bounds: Histogram.sizes) }
    }

    // A handler lives as long as the registry: a counter that is made anew for each request goes on counting.
    func destroyCounter(_ handler: any CounterHandler) {}
    func destroyMeter(_ handler: any MeterHandler) {}
    func destroyTimer(_ handler: any TimerHandler) {}
    func destroyRecorder(_ handler: any RecorderHandler) {}

    private func series<Made: Series>(
        _ label: String, _ dimensions: [(String, String)], _ kind: Kind, _ make: () -> Made
    ) -> Made {
        let labels = dimensions.map { "\($0.0)=\"\(PrometheusRegistry.escaped($0.1))\"" }.joined(separator: ",")
        return families.withLockedValue { families in
            precondition(families.kinds[label, default: kind] == kind, "\(label) is two kinds of metric")
            if let known = families.series[Key(label: label, labels: labels)] as? Made { return known }
            let made = make()
            families.series[Key(label: label, labels: labels)] = made
            families.kinds[label] = kind
            return made
        }
    }

    private static func escaped(_ value: String) -> String {
        guard value.contains(where: { "\\\"\n".contains($0) }) else { return value }
        return value.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
    }
}

/// The values behind one set of labels.
private protocol Series: AnyObject, Sendable {
    func lines(_ label: String, _ labels: String) -> String
}

private func name(_ label: String, _ labels: String) -> String { labels.isEmpty ? label : "\(label){\(labels)}" }

private final class Total: Series, CounterHandler {
    private let value = Atomic<Int64>(0)

    func increment(by amount: Int64) { value.wrappingAdd(amount, ordering: .relaxed) }
    func reset() { value.store(0, ordering: .relaxed) }
    func lines(_ label: String, _ labels: String) -> String { "\(name(label, labels)) \(value.load(ordering: .relaxed))\n" }
}

private final class Gauge: Series, MeterHandler {
    private let value = NIOLockedValueBox(0.0)

    func set(_ value: Int64) { set(Double(value)) }
    func set(_ value: Double) { self.value.withLockedValue { $0 = value } }
    func increment(by amount: Double) { value.withLockedValue { $0 += amount } }
    func decrement(by amount: Double) { value.withLockedValue { $0 -= amount } }
    func lines(_ label: String, _ labels: String) -> String { "\(name(label, labels)) \(value.withLockedValue(\.self))\n" }
}

private final class Histogram: Series, TimerHandler, RecorderHandler {
    static let seconds = [0.001, 0.0025, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10]
    static let sizes: [Double] = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512]

    private struct State {
        var counts: [Int]
        var sum = 0.0
    }

    private let bounds: [Double]
    private let state: NIOLockedValueBox<State>

    init(bounds: [Double]) {
        self.bounds = bounds
        state = NIOLockedValueBox(State(counts: [Int](repeating: 0, count: bounds.count + 1)))
    }

    func recordNanoseconds(_ duration: Int64) { record(Double(duration) / 1e9) }
    func record(_ value: Int64) { record(Double(value)) }

    func record(_ value: Double) {
        let place = bounds.firstIndex { value <= $0 } ?? bounds.count
        state.withLockedValue { state in
            state.counts[place] += 1
            state.sum += value
        }
    }

    func lines(_ label: String, _ labels: String) -> String {
        let state = self.state.withLockedValue(\.self)
        let comma = labels.isEmpty ? "" : ","
        var total = 0
        var text = ""
        for (bound, count) in zip(bounds.map(\.description) + ["+Inf"], state.counts) {
            total += count
            text += "\(label)_bucket{\(labels)\(comma)le=\"\(bound)\"} \(total)\n"
        }
        return text + "\(name(label + "_sum", labels)) \(state.sum)\n\(name(label + "_count", labels)) \(total)\n"
    }
}
