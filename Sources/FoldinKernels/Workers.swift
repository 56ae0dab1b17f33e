import Dispatch
import Foundation
import Synchronization

/// A fixed number of threads that run numbered tasks.
///
/// Each thread takes the next task in ascending order when it has finished one, so a slow core runs fewer of them. Which thread runs a task
/// is not determined, and results must not depend on it. They are the same for any number of threads if three rules hold: the size of a
/// task depends on the data alone, a task writes only memory of its own, and sums over tasks are computed afterwards in task order.
///
///     let squares = Workers().map(1_000) { task, _ in task * task }
public struct Workers: Sendable {
    /// The largest number of tasks that run at the same time; at least 1.
    public let count: Int

    /// The maximum of `count`. It bounds the scratch memory, which is allocated per worker.
    public static let maximumCount = 1024

    /// Workers with `count` threads, clamped to 1 through `maximumCount`; by default one thread per available processor.
    public init(count: Int? = nil) {
        self.count = max(1, min(count ?? Workers.availableProcessors, Workers.maximumCount))
    }

    /// The number of processors that are available to this process.
    public static var availableProcessors: Int { max(1, ProcessInfo.processInfo.activeProcessorCount) }

    /// Runs `body(task, worker)` once for each task in `0..<tasks` and returns when all have ended.
    ///
    /// `worker` is in `0..<count`; no two tasks run with the same worker at the same time, so it may index scratch memory.
    /// Starting the threads costs a few microseconds: all tasks together should take at least 100.
    public func forEach(_ tasks: Int, _ body: (_ task: Int, _ worker: Int) -> Void) {
        let threads = min(count, tasks)
        if threads <= 1 {
            for task in 0..<max(0, tasks) { body(task, 0) }
            return
        }
        let next = Atomic<Int>(0)
        withoutActuallyEscaping(body) { body in
            // Other threads use `body` only until concurrentPerform returns. That its tasks write different memory is the contract
            // above, which the compiler cannot check.
            nonisolated(unsafe) let body = body
            DispatchQueue.concurrentPerform(iterations: threads) { worker in
                while true {
                    let task = next.wrappingAdd(1, ordering: .relaxed).oldValue
                    if task >= tasks { return }
                    body(task, worker)
                }
            }
        }
    }

    /// Divides `0..<total` into pieces of `size` (the last may be shorter) and runs `body(range, worker)` for each.
    ///
    /// The pieces depend on `total` and `size` only, not on the number of threads.
    public func forEachPiece(of total: Int, size: Int, _ body: (_ range: Range<Int>, _ worker: Int) -> Void) {
        forEach((total + size - 1) / size) { task, worker in
            body(task * size..<min(total, (task + 1) * size), worker)
        }
    }
}
