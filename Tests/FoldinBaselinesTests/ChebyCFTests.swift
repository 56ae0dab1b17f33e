import FoldinInteractions
import FoldinKernels
import FoldinModels
import FoldinSupport
import Foundation
import Testing

@testable import FoldinBaselines

/// ChebyCF against NumPy's spectrum of the same graph, by `Tests/Reference/chebyshev_reference.py`.
@Suite("ChebyCF") struct ChebyCFTests {
    struct Reference: Decodable {
        struct Case: Decodable {
            let degree: Int
            let flatness: Double
            let directions: Int
            let weight: Double
            let power: Double
            let scores: [Double]
        }

        let rows: [[Int]]
        let items: Int
        let history: [Int]
        let projector: [[Double]]
        let cases: [Case]

        var matrix: InteractionMatrix { InteractionMatrix(rows: rows, itemCount: items) }

        static func read() throws -> Reference {
            let path = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures/chebyshev.json")
            return try JSONDecoder().decode(Reference.self, from: Data(contentsOf: path))
        }
    }

    @Test func scoresAreThoseOfTheSpectrum() throws {
        let reference = try Reference.read()
        for expected in reference.cases {
            let model = try ChebyCF(
                degree: expected.degree, flatness: expected.flatness, directions: expected.directions,
                projectionWeight: expected.weight, popularityPower: expected.power
            ).fitted(reference.matrix)
            let histories = InteractionMatrix(rows: [[], reference.history.sorted()], itemCount: reference.items)
            let scores = model.scores(for: histories)
            let largest = expected.scores.map(\.magnitude).max() ?? 0
            #expect(scores[0].allSatisfy { $0 == 0 } && largest > 0.1)
            #expect(zip(scores[1], expected.scores).allSatisfy { abs(Double($0) - $1) < 2e-5 * max(1, largest) })
        }
    }

    @Test func directionsAreTheStrongest() throws {
        let reference = try Reference.read()
        let vectors = try SingularVectors.strongest(
            3, of: reference.matrix, iterations: 100, workers: Workers(count: 2), isCancelled: { false }, progress: { _ in })
        var largest = 0.0
        for i in 0..<reference.items {
            for j in 0..<reference.items {
                let product = (0..<3).reduce(0) { $0 + vectors.pointer[3 * i + $1] * vectors.pointer[3 * j + $1] }
                largest = max(largest, abs(Double(product) - reference.projector[i][j]))
            }
        }
        // The fourth singular value is close: rounding turns the directions a little.
        #expect(largest < 2e-3)
    }

    /// Three users of the same two items: the rank is 1, and of five directions one is left.
    @Test func directionsOfALowRankAreZero() throws {
        let matrix = InteractionMatrix(rows: [[0, 1], [0, 1], [0, 1]], itemCount: 4)
        let vectors = try SingularVectors.strongest(
            3, of: matrix, workers: Workers(count: 1), isCancelled: { false }, progress: { _ in })
        let squares = (0..<3).map { column in
            (0..<4).reduce(0) { $0 + vectors.pointer[3 * $1 + column] * vectors.pointer[3 * $1 + column] }
        }
        #expect(abs(squares[0] - 1) < 1e-5 && squares[1] == 0 && squares[2] == 0)
    }

    @Test func refusesWhatItCannotComputeWith() throws {
        let matrix = try Reference.read().matrix
        for model in [
            ChebyCF(degree: 0), ChebyCF(degree: 2000), ChebyCF(flatness: 0), ChebyCF(flatness: .nan), ChebyCF(directions: -1),
            ChebyCF(projectionWeight: -1), ChebyCF(projectionWeight: .infinity), ChebyCF(popularityPower: .nan),
            ChebyCF(availableMemory: 1000),
        ] {
            let error = #expect(throws: FoldinError.self) { try model.fitted(matrix) }
            #expect(error?.kind == .usage)
        }
    }
}
