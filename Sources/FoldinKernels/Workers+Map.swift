extension Workers {
    /// The results of `body(task, worker)` for each task in `0..<tasks`, in task order; see `forEach(_:_:)`.
    public func map<Result: Sendable>(_ tasks: Int, _ body: (_ task: Int, _ worker: Int) -> Result) -> [Result] {
        // For a capacity of 0 the standard library would write to the empty array that all threads share.
        guard tasks > 0 else { return [] }
        return [Result](unsafeUninitializedCapacity: tasks) { results, initialized in
            let start = results.baseAddress
            // Each task initialises its own element.
            forEach(tasks) { task, worker in start?.advanced(by: task).initialize(to: body(task, worker)) }
            initialized = tasks
        }
    }
}
