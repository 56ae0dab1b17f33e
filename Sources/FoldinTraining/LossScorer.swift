import FoldinInteractions
import FoldinKernels
import FoldinModels
import Synchronization

/// A model that, while it is judged, also sums up the loss of what it scores: each user's known items as their own target.
final class LossScorer: Scorer {
    private struct Sums {
        var users = 0
        var likelihood = 0.0
        var divergence = 0.0
        var areScoresFinite = true
    }

    private let model: TrainedModel
    // The evaluator scores its blocks one after the other; the lock makes that no condition.
    private let sums = Mutex(Sums())

    /// RecVAE's divergence is from what its training users had an epoch before: validation users have no such loss.
    private var hasLoss: Bool { model.parameters != nil }

    init(_ model: TrainedModel) { self.model = model }

    var itemCount: Int { model.itemCount }

    func score(_ histories: InteractionMatrix, rows: Range<Int>, into scores: UnsafeMutablePointer<Float>, workers: Workers) {
        model.score(histories, rows: rows, into: scores, workers: workers)
        // The loss of scores that are no numbers is none either.
        guard hasLoss else {
            let areFinite = (0..<rows.count * itemCount).allSatisfy { scores[$0].isFinite }
            if !areFinite { sums.withLock { $0.areScoresFinite = false } }
            return
        }
        let losses = model.losses(histories, rows: rows, scores: scores, workers: workers)
        sums.withLock { sums in
            for loss in losses {
                sums.users += 1
                sums.likelihood += loss.negativeLogLikelihood
                sums.divergence += loss.divergence
            }
        }
    }

    /// Whether all scores so far were numbers, of a model that has no loss; true for others.
    var areScoresFinite: Bool { sums.withLock(\.areScoresFinite) }

    /// The mean over the users scored so far; nil for a model without such a loss.
    var mean: StepLoss? {
        guard hasLoss else { return nil }
        return sums.withLock { sums in
            let users = Double(max(1, sums.users))
            return StepLoss(negativeLogLikelihood: sums.likelihood / users, divergence: sums.divergence / users)
        }
    }
}
