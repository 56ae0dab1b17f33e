#if Service
import Metrics
import NIOConcurrencyHelpers
import Synchronization

/// A backend of swift-metrics that keeps all metrics in memory, and writes them in the text format of Prometheus.
final class PrometheusRegistry: MetricsFactory, Sendable {
    private struct Key: Hashable {
        let label: String
        /// `name="value",…`, as in the text format.
        let labels: String
    }

    private enum Kind: String { case counter, gauge, histogram }

    private struct Families {
        var series: [Key: any Series] = [:]
        var kinds: [String: Kind] = [:]
    }

    private let families = NIOLockedValueBox(Families())

    /// All metrics, families and series in alphabetical order.
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

    /// A recorder that does not aggregate, which is the `Gauge` of swift-metrics, keeps the last value.
    func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
        guard aggregate else { return series(label, dimensions, .gauge) { Gauge() } }
        return series(label, dimensions, .histogram) { Histogram(bounds: Histogram.sizes) }
    }

    // A handler lives as long as the registry: a counter that is created for each request continues to count.
    func destroyCounter(_ handler: any CounterHandler) {}
    func destroyMeter(_ handler: any MeterHandler) {}
    func destroyTimer(_ handler: any TimerHandler) {}
    func destroyRecorder(_ handler: any RecorderHandler) {}

    /// The series of these labels. If the label was used for another kind before, values go to a series that is not published, because
    /// Prometheus refuses all metrics when a name has two kinds.
    private func series<Made: Series>(
        _ label: String, _ dimensions: [(String, String)], _ kind: Kind, _ make: () -> Made
    ) -> Made {
        let labels = dimensions.map { "\($0.0)=\"\(PrometheusRegistry.escaped($0.1))\"" }.joined(separator: ",")
        return families.withLockedValue { families in
            if let known = families.series[Key(label: label, labels: labels)] as? Made { return known }
            let made = make()
            guard families.kinds[label, default: kind] == kind else { return made }
            families.series[Key(label: label, labels: labels)] = made
            families.kinds[label] = kind
            return made
        }
    }

    /// By code points: a quote before an accent, or a newline after a carriage return, is another Character.
    private static func escaped(_ value: String) -> String {
        guard value.unicodeScalars.contains(where: { $0 == "\\" || $0 == "\"" || $0 == "\n" }) else { return value }
        var escaped = String.UnicodeScalarView()
        for scalar in value.unicodeScalars {
            switch scalar {
            case "\\", "\"": escaped.append(contentsOf: ["\\", scalar])
            case "\n": escaped.append(contentsOf: ["\\", "n"])
            default: escaped.append(scalar)
            }
        }
        return String(escaped)
    }
}

/// The values behind one set of labels.
private protocol Series: AnyObject, Sendable {
    func lines(_ label: String, _ labels: String) -> String
}

/// A number in the text format.
private func number(_ value: Double) -> String {
    value.isNaN ? "NaN" : value.isInfinite ? (value > 0 ? "+Inf" : "-Inf") : "\(value)"
}

/// A series in the text format.
private func name(_ label: String, _ labels: String) -> String { labels.isEmpty ? label : "\(label){\(labels)}" }

private final class Total: Series, CounterHandler {
    private let value = Atomic<Int64>(0)

    /// Adds `amount`. Stays at the largest number when that is reached.
    func increment(by amount: Int64) {
        let count = value.wrappingAdd(amount, ordering: .relaxed).newValue
        if count < 0 { value.store(.max, ordering: .relaxed) }
    }
    func reset() { value.store(0, ordering: .relaxed) }
    func lines(_ label: String, _ labels: String) -> String { "\(name(label, labels)) \(value.load(ordering: .relaxed))\n" }
}

private final class Gauge: Series, MeterHandler, RecorderHandler {
    private let value = NIOLockedValueBox(0.0)

    func set(_ value: Int64) { set(Double(value)) }
    func record(_ value: Int64) { set(Double(value)) }
    func record(_ value: Double) { set(value) }
    func set(_ value: Double) { self.value.withLockedValue { $0 = value } }
    func increment(by amount: Double) { value.withLockedValue { $0 += amount } }
    func decrement(by amount: Double) { value.withLockedValue { $0 -= amount } }
    func lines(_ label: String, _ labels: String) -> String {
        "\(name(label, labels)) \(number(value.withLockedValue(\.self)))\n"
    }
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
            state.counts[place] &+= 1
            state.sum += value
        }
    }

    func lines(_ label: String, _ labels: String) -> String {
        let state = self.state.withLockedValue(\.self)
        let comma = labels.isEmpty ? "" : ","
        var total = 0
        var text = ""
        for (bound, count) in zip(bounds.map(\.description) + ["+Inf"], state.counts) {
            total &+= count
            text += "\(label)_bucket{\(labels)\(comma)le=\"\(bound)\"} \(total)\n"
        }
        return text + "\(name(label + "_sum", labels)) \(number(state.sum))\n\(name(label + "_count", labels)) \(total)\n"
    }
}
#endif
