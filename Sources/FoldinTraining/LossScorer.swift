import FoldinInteractions
import FoldinKernels
import FoldinModels
import Synchronization

/// The model of a session that, while it is evaluated, also sums up the loss of what it scores: each user's known items as their own target.
///
/// - Note: `@unchecked Sendable` because the session does not change while its model is evaluated; the sums have a lock.
final class LossScorer: Scorer, @unchecked Sendable {
    private struct Sums {
        var users = 0
        var likelihood = 0.0
        var divergence = 0.0
        var hasLoss = false
        var areScoresFinite = true
    }

    private let session: any TrainingSession
    private let model: any Model
    private let sums = Mutex(Sums())

    init(_ session: any TrainingSession) { (self.session, model) = (session, session.model) }

    var itemCount: Int { model.itemCount }

    func score(_ histories: InteractionMatrix, rows: Range<Int>, into scores: UnsafeMutablePointer<Float>, workers: Workers) {
        model.score(histories, rows: rows, into: scores, workers: workers)
        guard let losses = session.losses(histories, rows: rows, scores: scores) else {
            // Without a loss, which would be NaN or infinite as well, the scores themselves are checked.
            let areFinite = (0..<rows.count * itemCount).allSatisfy { scores[$0].isFinite }
            if !areFinite { sums.withLock { $0.areScoresFinite = false } }
            return
        }
        sums.withLock { sums in
            sums.hasLoss = true
            for loss in losses {
                sums.users += 1
                sums.likelihood += loss.negativeLogLikelihood
                sums.divergence += loss.divergence
            }
        }
    }

    /// Whether all scores so far were finite, of a model without a loss; true for others.
    var areScoresFinite: Bool { sums.withLock(\.areScoresFinite) }

    /// The mean over the users scored so far; nil for a model without a loss.
    var mean: StepLoss? {
        sums.withLock { sums in
            guard sums.hasLoss else { return nil }
            let users = Double(max(1, sums.users))
            return StepLoss(negativeLogLikelihood: sums.likelihood / users, divergence: sums.divergence / users)
        }
    }
}
