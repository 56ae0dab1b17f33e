import FoldinInteractions
import FoldinKernels
import FoldinModels
import Foundation
import Testing

@testable import FoldinBaselines

/// What NumPy makes of the same clicks, by `Tests/Reference/baselines_reference.py`.
struct Reference: Decodable {
    struct Linear: Decodable {
        let dropout: Double?
        let lambda: Double?
        let items: Int?
        let weights: [[Double]]
    }
    struct Neighbours: Decodable {
        let neighbours: Int
        let shrinkage: Double
        let likenesses: [[Double]]
        let scores: [Double]
    }

    let rows: [[Int]]
    let items: Int
    let ease: [Linear]
    let edlae: [Linear]
    let edlaeSmall: Linear
    let itemKnn: [Neighbours]
    let history: [Int]

    var matrix: InteractionMatrix { InteractionMatrix(rows: rows, itemCount: items) }

    static func read() throws -> Reference {
        let path = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures/baselines.json")
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try decoder.decode(Reference.self, from: Data(contentsOf: path))
    }
}

extension Baseline {
    func fitted(_ matrix: InteractionMatrix, threads: Int = 2) throws -> any Model {
        try fit(matrix, workers: Workers(count: threads), isCancelled: { false }, progress: { _ in })
    }
}

@Suite("Baselines against NumPy") struct BaselineReferenceTests {
    /// The largest difference of the weights from those expected.
    private func error(_ model: any Model, _ expected: [[Double]]) throws -> Double {
        guard let model = model as? ItemWeights else {
            Issue.record("no item weights")
            return .infinity
        }
        try #require(model.itemCount == expected.count)
        return zip(model.weights.values, expected.joined()).reduce(0) { max($0, abs(Double($1.0) - $1.1)) }
    }

    @Test func easeIsTheRegressionOfEachItemOnTheOthers() throws {
        let reference = try Reference.read()
        for expected in reference.ease {
            let fitted = try EASE(lambda: try #require(expected.lambda)).fitted(reference.matrix)
            #expect(try error(fitted, expected.weights) < 2e-6)
        }
        #expect(try error(EASE(lambda: 19).fitted(reference.matrix), reference.ease[1].weights) > 1e-3)
    }

    @Test func edlaeIsTheRegressionWithTheDenoisingPenalty() throws {
        let reference = try Reference.read()
        for expected in reference.edlae {
            let baseline = EDLAE(dropout: try #require(expected.dropout), lambda: try #require(expected.lambda))
            #expect(try error(baseline.fitted(reference.matrix), expected.weights) < 2e-6)
        }
    }

    /// The mean of the denoising loss over all ways to drop clicks has its minimum there.
    @Test func edlaeMinimisesTheDenoisingLoss() throws {
        let reference = try Reference.read()
        let expected = reference.edlaeSmall
        let rows = reference.rows.map { $0.filter { $0 < 5 } }
        let fitted = try EDLAE(dropout: try #require(expected.dropout), lambda: 0)
            .fitted(InteractionMatrix(rows: rows, itemCount: 5))
        #expect(try error(fitted, expected.weights) < 2e-6)
    }

    @Test func itemKNNHasTheseNeighboursAndScores() throws {
        let reference = try Reference.read()
        for expected in reference.itemKnn {
            let fitted = try ItemKNN(neighbours: expected.neighbours, shrinkage: expected.shrinkage).fitted(reference.matrix)
            guard let model = fitted as? ItemNeighbours else {
                Issue.record("no item neighbours")
                continue
            }
            for (item, row) in expected.likenesses.enumerated() {
                let found = model.neighbours.starts[item]..<model.neighbours.starts[item + 1]
                #expect(model.neighbours.items[found].map(Int.init) == row.indices.filter { row[$0] != 0 })
                #expect(
                    found.allSatisfy { abs(Double(model.neighbours.weights[$0]) - row[Int(model.neighbours.items[$0])]) < 1e-6 })
            }
            var scores = [Float](repeating: .nan, count: reference.items)
            model.score(
                InteractionMatrix(rows: [reference.history], itemCount: reference.items), rows: 0..<1, into: &scores,
                workers: Workers(count: 1))
            #expect(zip(scores, expected.scores).allSatisfy { abs(Double($0) - $1) < 1e-5 })
        }
    }
}
