#if Service
import Dispatch
import NIOConcurrencyHelpers
import Synchronization

/// Runs work that takes milliseconds, one piece after the other, on other threads than the few that serve connections.
///
/// The weight of the work that waits is limited. Work is removed from the queue when the task that waits for it is cancelled.
final class WorkQueue: Sendable {
    private struct Work: Sendable {
        let weight: Int
        let run: @Sendable () -> Void
        let cancel: @Sendable () -> Void
    }

    private struct State {
        var works: [Int: Work] = [:]
        var waiting = 0
    }

    private let queue: DispatchQueue
    private let limit: Int
    private let state = NIOLockedValueBox(State())
    private let lastID = Atomic<Int>(0)

    /// A queue on `queue`, which must be serial.
    ///
    /// - Parameter limit: the weight of all work that may wait.
    init(_ queue: DispatchQueue, limit: Int) {
        self.queue = queue
        self.limit = limit
    }

    /// The weight of all work that waits, for tests.
    var waiting: Int { state.withLockedValue(\.waiting) }

    /// What `work` returns, run in its turn.
    ///
    /// - Throws: `Problem.busy` when too much waits already, `CancellationError` when the task was cancelled before its turn.
    func perform<Value: Sendable>(weight: Int = 1, _ work: @escaping @Sendable () throws -> Value) async throws -> Value {
        let id = lastID.wrappingAdd(1, ordering: .relaxed).newValue
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let item = Work(weight: weight) {
                    continuation.resume(with: Result(catching: work))
                } cancel: {
                    continuation.resume(throwing: CancellationError())
                }
                let isAccepted = state.withLockedValue { state in
                    guard state.waiting == 0 || state.waiting + weight <= limit else { return false }
                    state.works[id] = item
                    state.waiting += weight
                    return true
                }
                guard isAccepted else { return continuation.resume(throwing: Problem.busy) }
                queue.async { self.take(id)?.run() }
                // It may have been cancelled before it was in the queue.
                if Task.isCancelled { cancel(id) }
            }
        } onCancel: {
            cancel(id)
        }
    }

    private func cancel(_ id: Int) { take(id)?.cancel() }

    /// Removes a piece of work; nil if it was removed before. The caller must resume its task.
    private func take(_ id: Int) -> Work? {
        state.withLockedValue { state in
            let work = state.works.removeValue(forKey: id)
            state.waiting -= work?.weight ?? 0
            return work
        }
    }
}
#endif
