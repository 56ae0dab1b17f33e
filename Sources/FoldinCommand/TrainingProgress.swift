import Foldin
import Foundation

/// The progress of a training on standard error: a bar on a terminal, else one line per epoch.
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
        let left = (now - began) / .seconds(1) * (1 - done) / max(done, 1e-9)
        Console.progress(
            "\(ProgressText.bar(done)) epoch \(epoch)/\(epochs)  loss \(String(format: "%.2f", loss.negativeLogLikelihood))\(last)  "
                + "ETA \(ProgressText.duration(left)) at most")
    }

    func epoch(_ report: EpochReport) {
        last = report.scoreText
        if !Console.isWatched {
            Console.note(report.description)
        } else if report.isBest {
            Console.progress(report.description)
        }
    }

    /// Clears the bar.
    func end() {
        if Console.isWatched { Console.progress("") }
    }
}
