import FoldinInteractions
import Foundation

/// The runs that wait for their turn, and the memory that those at work hold.
///
/// `@unchecked Sendable`: every access to the mutable properties is between `lock` and `unlock` of `condition`.
final class SweepQueue: @unchecked Sendable {
    private let condition = NSCondition()
    private let limit: Int?
    private var waiting: [(PlannedRun, Int)]
    private var held = 0
    private var failure: (any Error)?

    /// `runs` with the bytes each needs.
    init(_ runs: [(PlannedRun, Int)], limit: Int?) {
        waiting = runs
        self.limit = limit
    }

    /// The next run that the memory is enough for, waiting for others to end if need be; nil when there is none left. What is
    /// too large for the limit comes too, to be refused.
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

    /// Gives back what `next` handed out.
    func free(_ bytes: Int) {
        condition.lock()
        held -= limit.map { bytes > $0 ? 0 : bytes } ?? 0
        condition.broadcast()
        condition.unlock()
    }

    /// Ends all for an error that is not a run's own.
    func stop(_ error: any Error) {
        condition.lock()
        failure = failure ?? error
        condition.broadcast()
        condition.unlock()
    }

    var error: (any Error)? {
        condition.lock()
        defer { condition.unlock() }
        return failure
    }

    var isStopped: Bool { error != nil }
}
