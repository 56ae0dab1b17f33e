/// What `body` gives. When it takes longer than `limit` it is cancelled, and what it gives then decides: a transaction that was committed just in
/// time counts.
///
/// - Throws: what `body` throws, `TimeLimitExceeded` in place of its `CancellationError` when the time was over.
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

/// Thrown for what took longer than it may.
struct TimeLimitExceeded: Error, CustomStringConvertible {
    let limit: Duration

    var description: String { "took longer than \(limit)" }
}
