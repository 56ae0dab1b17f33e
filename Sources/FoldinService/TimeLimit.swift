#if Service
/// What `body` returns. If it takes longer than `limit`, it is cancelled; if it still returns a value, that counts, as for a transaction that was
/// committed just in time.
///
/// - Throws: what `body` throws; `TimeLimitExceeded` instead of its `CancellationError` when the limit was exceeded.
func withTimeLimit<Value: Sendable>(
    _ limit: Duration, _ body: @escaping @Sendable () async throws -> Value
) async throws -> Value {
    try await withThrowingTaskGroup(of: Value?.self) { group in
        group.addTask { try await body() }
        group.addTask {
            try await Task.sleep(for: limit)
            return nil
        }
        defer { group.cancelAll() }
        if let value = try await group.next() ?? nil { return value }
        group.cancelAll()
        do {
            if let value = try await group.next() ?? nil { return value }
        } catch is CancellationError {}
        throw TimeLimitExceeded(limit: limit)
    }
}

/// Thrown when a time limit was exceeded.
struct TimeLimitExceeded: Error, CustomStringConvertible {
    let limit: Duration

    var description: String { "took longer than \(limit)" }
}
#endif
