import FoldinInteractions
import Foundation

/// The error of a training whose loss, weights or scores became NaN, infinite or far larger than any useful loss.
public struct TrainingDivergence: Error, Sendable, Equatable, CustomStringConvertible {
    /// What diverged, as text: `loss NaN or infinite`.
    public let sign: String
    /// The epoch, from 1.
    public let epoch: Int
    /// The learning rate of the schedule.
    public let learningRate: Float

    /// `training diverged (loss NaN or infinite) in epoch 3; lower the learning rate (now 30)`
    public var description: String {
        "training diverged (\(sign)) in epoch \(epoch); lower the learning rate (now \(String(format: "%g", learningRate)))"
    }

    /// The exit status of `sysexits.h`: 64, as for other invalid options.
    public var exitStatus: Int32 { 64 }
}

extension InteractionMatrix {
    /// The mean negative log-likelihood of a model that gives all items the same probability: clicks per user times ln(items).
    public var guessingLoss: Double {
        Double(count) / Double(max(1, userCount)) * log(Double(max(2, itemCount)))
    }
}
