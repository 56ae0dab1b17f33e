import Dispatch
import Foundation
import Synchronization

/// A fixed number of threads that share out numbered tasks.
///
/// Tasks are handed out one at a time in ascending order, so a slow core takes fewer of them. Which thread runs a task is
/// not determined; results must therefore not depend on it. The house rule that keeps them the same for any thread count:
/// the *tasks* are cut by the size of the data alone, each writes only memory of its own, and sums over tasks are taken
/// afterwards in task order.
public struct Workers: Sendable {
    /// The largest number of tasks that run at the same time; at least 1.
    public let count: Int

    /// The most threads: scratch memory is counted by them.
    public static let mostThreads = 1024

    /// Workers for `count` threads, 1 to `mostThreads`, or one for each processor that is available to this process.
    public init(count: Int? = nil) {
        self.count = max(1, min(count ?? Workers.availableProcessors, Workers.mostThreads))
    }

    /// Processors available to this process.
    public static var availableProcessors: Int { max(1, ProcessInfo.processInfo.activeProcessorCount) }

    /// Runs `body(task, worker)` once for each task in `0..<tasks` and returns when all have ended.
    ///
    /// `worker` is in `0..<count`; no two tasks run with the same worker at once, so it may index scratch memory.
    /// A fork costs a few microseconds: cut tasks so that the whole pass is worth at least 100.
    public func forEach(_ tasks: Int, _ body: (_ task: Int, _ worker: Int) -> Void) {
        let threads = min(count, tasks)
        if threads <= 1 {
            for task in 0..<max(0, tasks) { body(task, 0) }
            return
        }
        let next = Atomic<Int>(0)
        withoutActuallyEscaping(body) { body in
            // `body` is shared with the other threads only until concurrentPerform returns; that its tasks write apart from
            // each other is the contract above, which the compiler cannot see.
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

    /// Cuts `0..<total` into pieces of `size` (the last may be shorter) and runs `body(range, worker)` for each.
    ///
    /// The cut depends on `total` and `size` only, never on the number of threads.
    public func forEachPiece(of total: Int, size: Int, _ body: (_ range: Range<Int>, _ worker: Int) -> Void) {
        forEach((total + size - 1) / size) { task, worker in
            body(task * size..<min(total, (task + 1) * size), worker)
        }
    }
}
