import Dispatch
import NIOConcurrencyHelpers
import Synchronization

/// Work that takes milliseconds, one piece after the other, away from the few threads that serve connections.
///
/// What waits is bounded, and leaves the queue when the task that waits for it is cancelled.
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

    /// - Parameter limit: the weights that may wait together.
    init(_ queue: DispatchQueue, limit: Int) {
        self.queue = queue
        self.limit = limit
    }

    /// The weights of what waits, for tests.
    var waiting: Int { state.withLockedValue(\.waiting) }

    /// What `work` gives, run in its turn.
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
                // Cancelled before it was there to be found.
                if Task.isCancelled { cancel(id) }
            }
        } onCancel: {
            cancel(id)
        }
    }

    private func cancel(_ id: Int) { take(id)?.cancel() }

    /// Whoever takes a work resumes its task: it is taken once.
    private func take(_ id: Int) -> Work? {
        state.withLockedValue { state in
            let work = state.works.removeValue(forKey: id)
            state.waiting -= work?.weight ?? 0
            return work
        }
    }
}
