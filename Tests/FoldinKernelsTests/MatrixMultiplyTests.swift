import FoldinKernels
import Synchronization
import Testing

@Suite("Matrix products") struct MatrixMultiplyTests {
    /// Rows, columns and inner sides: ones, a vector's width, neither.
    static let sizes = [(1, 1, 1), (1, 17, 5), (16, 1, 33), (3, 16, 64), (13, 29, 31), (5, 7, 0), (40, 65, 3)]

    /// All four ways to lay the operands, rows further apart than they are long, and both values of beta.
    @Test(arguments: sizes, [0, 1, 0.5] as [Float])
    func agreesWithThreeLoops(size: (Int, Int, Int), beta: Float) {
        let (rows, columns, inner) = size
        for (leftTurned, rightTurned) in [(false, false), (false, true), (true, false), (true, true)] {
            let leftStride = (leftTurned ? rows : inner) + 2
            let rightStride = (rightTurned ? inner : columns) + 1
            let stride = columns + 3
            let a = LoopsTests.numbers(leftStride * ((leftTurned ? inner : rows) + 1))
            let b = LoopsTests.numbers(rightStride * ((rightTurned ? columns : inner) + 1), seed: 2)
            let start = beta == 0 ? [Float](repeating: .nan, count: rows * stride) : LoopsTests.numbers(rows * stride, seed: 3)
            var c = start
            a.withUnsafeBufferPointer { a in
                b.withUnsafeBufferPointer { b in
                    guard let a = a.baseAddress, let b = b.baseAddress else { return }
                    matrixMultiply(
                        rows: rows, columns: columns, inner: inner,
                        leftTurned ? .transposed(a, stride: leftStride) : .plain(a, stride: leftStride),
                        rightTurned ? .transposed(b, stride: rightStride) : .plain(b, stride: rightStride), beta: beta,
                        into: &c, stride: stride)
                }
            }
            for row in 0..<rows {
                for column in 0..<stride {
                    let place = row * stride + column
                    guard column < columns else {
                        #expect(c[place].bitPattern == start[place].bitPattern, "what lies between the rows is not touched")
                        continue
                    }
                    var sum = beta == 0 ? 0 : Double(beta) * Double(start[place])
                    for k in 0..<inner {
                        let left = leftTurned ? a[k * leftStride + row] : a[row * leftStride + k]
                        let right = rightTurned ? b[column * rightStride + k] : b[k * rightStride + column]
                        sum += Double(left) * Double(right)
                    }
                    #expect(abs(Double(c[place]) - sum) < 1e-5 * max(1, abs(sum)))
                }
            }
        }
    }
}

@Suite("Workers") struct WorkersTests {
    @Test(arguments: [1, 2, 3, 5], [0, 1, 2, 7, 100])
    func runEachTaskOnce(threads: Int, tasks: Int) {
        let workers = Workers(count: threads)
        let runs = (0..<tasks).map { _ in Counter() }
        let busy = (0..<threads).map { _ in Counter() }
        workers.forEach(tasks) { task, worker in
            // No two tasks with the same worker at once.
            if busy[worker].add(1) != 0 { Issue.record("worker \(worker) is in two places") }
            runs[task].add(1)
            busy[worker].add(-1)
        }
        #expect(runs.allSatisfy { $0.value == 1 })
        #expect(workers.map(tasks) { task, _ in task * task } == (0..<tasks).map { $0 * $0 })
    }

    @Test(arguments: [1, 4], [0, 1, 63, 64, 65, 1_000])
    func cutPiecesBySizeAlone(threads: Int, total: Int) {
        let covered = (0..<total).map { _ in Counter() }
        Workers(count: threads).forEachPiece(of: total, size: 64) { range, _ in
            #expect(range.lowerBound % 64 == 0 && !range.isEmpty && range.count <= 64)
            for place in range { covered[place].add(1) }
        }
        #expect(covered.allSatisfy { $0.value == 1 })
    }

    @Test func thereIsAlwaysOne() {
        #expect(Workers(count: 0).count == 1 && Workers(count: -3).count == 1 && Workers().count >= 1)
        Workers(count: 2).forEach(-1) { _, _ in Issue.record("there is nothing to do") }
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
