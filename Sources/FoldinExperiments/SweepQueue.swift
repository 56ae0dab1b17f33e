#if Experiments
import FoldinInteractions
import Foundation

/// The waiting runs, and the memory reserved for the runs in progress.
///
/// `@unchecked Sendable`: every access to the mutable properties is between `lock` and `unlock` of `condition`.
final class SweepQueue: @unchecked Sendable {
    private let condition = NSCondition()
    private let limit: Int?
    private var waiting: [(PlannedRun, Int)]
    private var held = 0
    private var failure: (any Error)?

    /// A queue of `runs`, each with the bytes that it needs; `limit` is the sum of those in progress at the same time.
    init(_ runs: [(PlannedRun, Int)], limit: Int?) {
        waiting = runs
        self.limit = limit
    }

    /// The next run that fits into the memory; waits for others to end if none does. Nil when the queue is empty, stopped or cancelled.
    ///
    /// A run that is larger than the limit is returned at once, without a reservation: the caller refuses it.
    func next(isCancelled: () -> Bool) -> (PlannedRun, Int)? {
        condition.lock()
        defer { condition.unlock() }
        while !waiting.isEmpty, failure == nil, !isCancelled() {
            if let place = waiting.firstIndex(where: { fits($0.1) }) {
                let (run, bytes) = waiting.remove(at: place)
                let counted = limit.map { bytes > $0 ? 0 : bytes } ?? 0
                held += counted
                return (run, bytes)
            }
            condition.wait()
        }
        return nil
    }

    private func fits(_ bytes: Int) -> Bool {
        guard let limit else { return true }
        return bytes > limit || bytes <= limit - held
    }

    /// Releases the memory of a run that `next` returned.
    func free(_ bytes: Int) {
        condition.lock()
        held -= limit.map { bytes > $0 ? 0 : bytes } ?? 0
        condition.broadcast()
        condition.unlock()
    }

    /// Stops the queue after an error that affects all runs.
    func stop(_ error: any Error) {
        condition.lock()
        failure = failure ?? error
        condition.broadcast()
        condition.unlock()
    }

    /// The first error given to `stop`.
    var error: (any Error)? {
        condition.lock()
        defer { condition.unlock() }
        return failure
    }

    /// Whether `stop` was called.
    var isStopped: Bool { error != nil }
}
#endif
