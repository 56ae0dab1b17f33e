import Foldin
import Foundation

/// A training as it goes, on standard error: a bar where somebody is watching, else a line an epoch.
final class TrainingProgress {
    private let epochs: Int
    private let began = ContinuousClock.now
    private var shown = ContinuousClock.now - .seconds(1)
    private var last = ""

    init(epochs: Int) { self.epochs = epochs }

    func step(epoch: Int, fraction: Double, loss: StepLoss) {
        let now = ContinuousClock.now
        guard Console.isWatched, now - shown > .milliseconds(100) else { return }
        shown = now
        let done = (Double(epoch - 1) + fraction) / Double(epochs)
        let filled = Int(done * 24)
        let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: 24 - filled)
        let left = (now - began) / .seconds(1) * (1 - done) / max(done, 1e-9)
        Console.progress(
            "\(bar) epoch \(epoch)/\(epochs)  loss \(String(format: "%.2f", loss.negativeLogLikelihood))\(last)  "
                + "ETA \(duration(left)) at most")
    }

    func epoch(_ report: EpochReport) {
        let metric = report.validation.flatMap { result in
            result.mean.map { "  \(result.metric) \(String(format: "%.5f", $0))" }
        }
        last = "  beta \(String(format: "%.4f", report.beta))\(metric ?? "")"
        if !Console.isWatched {
            Console.note(report.description)
        } else if report.isBest {
            Console.progress(report.description)
        }
    }

    /// Leaves the terminal on a fresh line.
    func end() {
        if Console.isWatched { Console.progress("") }
    }
}

/// `1:02:03` or `2:03`.
func duration(_ seconds: Double) -> String {
    let total = Int(min(seconds, 1e7).rounded())
    return total >= 3600
        ? String(format: "%d:%02d:%02d", total / 3600, total / 60 % 60, total % 60)
        : String(format: "%d:%02d", total / 60, total % 60)
}
