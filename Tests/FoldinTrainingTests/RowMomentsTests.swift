import FoldinKernels
import FoldinTestSupport
import Foundation
import Testing

@testable import FoldinTraining

/// Adam by rows against what `Tests/Reference/row_adam_reference.py` recorded: PyTorch's Adam and AdamW, which see a gradient of
/// zeros where a row is not touched, and the same formulas with one second moment per row in NumPy.
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

    @Test func fixturesAreComplete() { #expect(Recorded.all.count == 8) }

    @Test(arguments: Recorded.all, TestedEngine.all)
    func rowsAreThoseOfPyTorchAndNumPy(_ recorded: Recorded, engine: TestedEngine) {
        let engine = engine.engine
        let adam = Adam(learningRate: recorded.learningRate, decoupledDecay: recorded.decay)
        var rows = RowMoments()
        let (w, m, v) = (FloatBuffer(recorded.start), FloatBuffer(count: recorded.start.count), FloatBuffer(count: 1))
        let row = AdamWeights(weights: w.mutableVector, firstMoments: m.mutableVector, secondMoments: v.mutableVector)
        var updated = 0
        func resume(_ last: Int) {
            rows.prepare(adam, through: last)
            if let skipped = rows.skipped(after: updated, through: last) { engine.resumeRow(row, skipped) }
            updated = last
        }
        for (number, gradient) in zip(recorded.updates, recorded.gradients) {
            resume(number - 1)
            let gradient = FloatBuffer(gradient)
            withExtendedLifetime(gradient) {
                engine.updateRow(row, gradient: gradient.vector, adam.update(number: number))
            }
            updated = number
        }
        resume(recorded.last)
        #expect(rows.skipped(after: recorded.last, through: recorded.last) == nil)
        let moved = zip(recorded.weights, recorded.start).map { abs($0 - $1) }.max() ?? 0
        #expect(moved > 0.001, "the weights have moved")
        for (a, b) in zip(w.values, recorded.weights) { #expect(abs(a - b) < 1e-4 * moved) }
        #expect(relativeDifference(m.values, recorded.first) < 1e-4 || recorded.first.allSatisfy { abs($0) < 1e-6 })
        // 0.999 as a 32-bit number, to the power of 9,000, is 1e-4 off.
        #expect(abs(v.pointer[0] - recorded.second) < 2e-4 * recorded.second)
    }
}

/// An engine that tests run over.
struct TestedEngine: CustomTestStringConvertible {
    let engine: any ComputeEngine
    var testDescription: String { "\(type(of: engine))" }

    static let all = [TestedEngine(engine: KernelEngine()), TestedEngine(engine: ReferenceEngine())]
}
