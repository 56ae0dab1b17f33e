#if Service
extension ServiceContext {
    /// What `body` returns. It is cancelled when the client disconnects, so that its work that waits in a queue is not done.
    ///
    /// - Throws: what `body` throws, `Problem.abandoned` when it was cancelled.
    func cancellingOnDisconnect<Value: Sendable>(_ body: @escaping @Sendable () async throws -> Value) async throws -> Value {
        let work = Task { try await body() }
        exchange.onDisconnect { work.cancel() }
        defer { exchange.onDisconnect(nil) }
        do {
            return try await withTaskCancellationHandler {
                try await work.value
            } onCancel: {
                work.cancel()
            }
        } catch is CancellationError { throw Problem.abandoned }
    }
}
#endif
