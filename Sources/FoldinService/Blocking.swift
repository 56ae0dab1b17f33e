#if Service
import Dispatch
import NIOConcurrencyHelpers

/// What `body` returns. It may block: it runs on a thread of its own, not on one of the few that run tasks.
func blocking<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
        DispatchQueue(label: "foldin.blocking").async { continuation.resume(with: Result(catching: body)) }
    }
}

/// What the asynchronous `body` returns. Blocks the calling thread, which must not be one that runs tasks; see `blocking`.
func waitFor<Value: Sendable>(_ body: @escaping @Sendable () async throws -> Value) throws -> Value {
    let done = DispatchSemaphore(value: 0)
    let outcome = NIOLockedValueBox<Result<Value, any Error>>(.failure(CancellationError()))
    Task {
        let result: Result<Value, any Error>
        do { result = .success(try await body()) } catch { result = .failure(error) }
        outcome.withLockedValue { $0 = result }
        done.signal()
    }
    done.wait()
    return try outcome.withLockedValue(\.self).get()
}
#endif
