import FoldinInteractions
import Foundation

/// A training whose numbers overflowed, or lost all relation to the data: further steps make nothing better.
public struct TrainingDivergence: Error, Sendable, Equatable, CustomStringConvertible {
    /// What overflowed, for people: `loss NaN or infinite`.
    public let sign: String
    /// The epoch, from 1.
    public let epoch: Int
    /// The learning rate that was asked for.
    public let learningRate: Float

    /// `training diverged (loss NaN or infinite) in epoch 3; lower the learning rate (now 30)`
    public var description: String {
        "training diverged (\(sign)) in epoch \(epoch); lower the learning rate (now \(String(format: "%g", learningRate)))"
    }

    /// The exit status of `sysexits.h` for it: 64, as for other options that cannot be trained with.
    public var exitStatus: Int32 { 64 }
}

extension InteractionMatrix {
    /// The mean negative log-likelihood of a model that gives all items the same probability: clicks times ln(items).
    public var guessingLoss: Double {
        Double(count) / Double(max(1, userCount)) * log(Double(max(2, itemCount)))
    }
}
