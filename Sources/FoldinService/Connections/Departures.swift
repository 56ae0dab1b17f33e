extension ServiceContext {
    /// What `body` gives. It is cancelled when the client leaves: what still waits in a queue for it is not done.
    ///
    /// - Throws: what `body` throws, `Problem.abandoned` when it was cancelled.
    func untilTheClientLeaves<Value: Sendable>(_ body: @escaping @Sendable () async throws -> Value) async throws -> Value {
        let work = Task { try await body() }
        exchange.watch { work.cancel() }
        defer { exchange.watch(nil) }
        do {
            return try await withTaskCancellationHandler {
                try await work.value
            } onCancel: {
                work.cancel()
            }
        } catch is CancellationError { throw Problem.abandoned }
    }
}
