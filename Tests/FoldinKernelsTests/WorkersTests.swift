import FoldinKernels
import Synchronization
import Testing

@Suite("Workers") struct WorkersTests {
    @Test(arguments: [1, 2, 3, 5], [0, 1, 2, 7, 100])
    func eachTaskRunsOnce(threads: Int, tasks: Int) {
        let workers = Workers(count: threads)
        let runs = (0..<tasks).map { _ in Counter() }
        let busy = (0..<threads).map { _ in Counter() }
        workers.forEach(tasks) { task, worker in
            // No two tasks with the same worker at once.
            if busy[worker].add(1) != 0 { Issue.record("worker \(worker) runs two tasks at once") }
            runs[task].add(1)
            busy[worker].add(-1)
        }
        #expect(runs.allSatisfy { $0.value == 1 })
        #expect(workers.map(tasks) { task, _ in task * task } == (0..<tasks).map { $0 * $0 })
    }

    @Test(arguments: [1, 4], [0, 1, 63, 64, 65, 1_000])
    func piecesDependOnTheSizeAlone(threads: Int, total: Int) {
        let covered = (0..<total).map { _ in Counter() }
        Workers(count: threads).forEachPiece(of: total, size: 64) { range, _ in
            #expect(range.lowerBound % 64 == 0 && !range.isEmpty && range.count <= 64)
            for place in range { covered[place].add(1) }
        }
        #expect(covered.allSatisfy { $0.value == 1 })
    }

    @Test func thereIsAlwaysOneWorker() {
        #expect(Workers(count: 0).count == 1 && Workers(count: -3).count == 1 && Workers().count >= 1)
        Workers(count: 2).forEach(-1) { _, _ in Issue.record("there is nothing to do") }
    }

    @Test func mapKeepsTheOrderOfTasks() {
        for threads in [1, 2, 5] {
            #expect(Workers(count: threads).map(100) { task, _ in "\(task)" } == (0..<100).map { "\($0)" })
        }
        #expect(Workers().map(0) { task, _ in task } == [])
    }

    final class Counter: Sendable {
        private let number = Atomic<Int>(0)
        var value: Int { number.load(ordering: .sequentiallyConsistent) }
        /// Returns the value before.
        @discardableResult func add(_ other: Int) -> Int {
            number.wrappingAdd(other, ordering: .sequentiallyConsistent).oldValue
        }
    }
}
