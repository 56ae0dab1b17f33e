import CFoldinKernels
import Foundation
import Testing

@testable import FoldinModels

/// Adam by rows against what `Tests/Reference/row_adam_reference.py` recorded: PyTorch's Adam and AdamW, which see a gradient of
/// zeros where a row is not touched, and the same formulas with one second moment a row in NumPy.
@Suite("Adam by rows") struct RowMomentsTests {
    struct Recorded: Decodable, Sendable, CustomTestStringConvertible {
        let name: String
        let learningRate: Float
        let decay: Float
        let start: [Float]
        /// The numbers of the updates that touch the row, from 1, and their gradients.
        let updates: [Int]
        let gradients: [[Float]]
        /// The number of updates in all, and the weights and moments after them.
        let last: Int
        let weights: [Float]
        let first: [Float]
        let second: Float

        var testDescription: String { name }

        static let all: [Recorded] = {
            let url = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures/row-adam.json")
            let decoder = JSONDecoder()
            decoder.keyDecodingStrategy = .convertFromSnakeCase
            return (try? Data(contentsOf: url)).flatMap { try? decoder.decode([Recorded].self, from: $0) } ?? []
        }()
    }

    @Test func thereAreFixtures() { #expect(Recorded.all.count == 8) }

    @Test(arguments: Recorded.all)
    func agrees(_ recorded: Recorded) {
        let adam = Adam(learningRate: recorded.learningRate, decoupledDecay: recorded.decay)
        var rows = RowMoments()
        var (w, m, v) = (recorded.start, recorded.start.map { _ in Float(0) }, Float(0))
        var updated = 0
        func pause(_ last: Int) {
            rows.prepare(adam, through: last)
            if var pause = rows.pause(after: updated, through: last) { foldin_row_resume(&pause, w.count, &w, &m, &v) }
            updated = last
        }
        for (number, gradient) in zip(recorded.updates, recorded.gradients) {
            pause(number - 1)
            var step = adam.step(number: UInt64(number))
            foldin_row_adam(&step, w.count, &w, &m, &v, gradient)
            updated = number
        }
        pause(recorded.last)
        #expect(rows.pause(after: recorded.last, through: recorded.last) == nil)
        let moved = zip(recorded.weights, recorded.start).map { abs($0 - $1) }.max() ?? 0
        #expect(moved > 0.001, "the weights have moved")
        for (a, b) in zip(w, recorded.weights) { #expect(abs(a - b) < 1e-4 * moved) }
        #expect(relativeDifference(m, recorded.first) < 1e-4 || recorded.first.allSatisfy { abs($0) < 1e-6 })
        // 0.999 as a 32-bit number, to the power of 9,000, is 1e-4 off.
        #expect(abs(v - recorded.second) < 2e-4 * recorded.second)
    }
}
