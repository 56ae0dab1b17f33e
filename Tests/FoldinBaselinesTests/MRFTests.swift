import FoldinInteractions
import FoldinKernels
import FoldinModels
import FoldinSupport
import FoldinTestSupport
import Foundation
import Testing

@testable import FoldinBaselines

/// What NumPy makes of the same clicks, by `Tests/Reference/mrf_reference.py`.
private struct MRFReference: Decodable {
    struct Case: Decodable {
        let neighbours: Int
        let dropout: Double
        let lambda: Double
        let userPower: Double
        let itemPower: Double
        /// Whether pairs that are no neighbours count as 0.
        let thresholded: Bool
        let lists: [[Int]]
        let weights: [[Double]]
    }

    let rows: [[Int]]
    let items: Int
    let cases: [Case]

    static func read() throws -> MRFReference {
        let path = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures/mrf.json")
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try decoder.decode(MRFReference.self, from: Data(contentsOf: path))
    }
}

@Suite("Sparse Markov random field") struct MRFTests {
    private static func lists(_ model: some Baseline, _ matrix: InteractionMatrix, threads: Int = 2) throws
        -> ItemNeighbours.Lists
    {
        let fitted = try #require(try model.fitted(matrix, threads: threads) as? ItemNeighbours)
        #expect(fitted.kind == .mrf)
        return fitted.neighbours
    }

    @Test("neighbours and weights are those of the paper's inverse in NumPy") func followsThePaper() throws {
        let reference = try MRFReference.read()
        let matrix = InteractionMatrix(rows: reference.rows, itemCount: reference.items)
        #expect(reference.cases.count == 4)
        for expected in reference.cases {
            var model = MRF(
                neighbours: expected.neighbours, dropout: expected.dropout, lambda: expected.lambda,
                userPower: expected.userPower, itemPower: expected.itemPower)
            if expected.thresholded { model.knownPairs = 0 }
            let lists = try Self.lists(model, matrix)
            var largest = 0.0
            for item in 0..<reference.items {
                let own = lists.starts[item]..<lists.starts[item + 1]
                #expect(lists.items[own].map(Int.init) == expected.lists[item], "item \(item) of \(model.options)")
                for (found, expected) in zip(lists.weights[own], expected.weights[item]) {
                    #expect(abs(Double(found) - expected) < 5e-6)
                    largest = max(largest, abs(expected))
                }
            }
            #expect(largest > 0.01)
        }
    }

    /// Three users clicked both items, one the first only, two the second only.
    @Test("two items, by hand") func twoItems() throws {
        let matrix = InteractionMatrix(rows: [[0, 1], [0, 1], [0, 1], [0], [1], [1]], itemCount: 2)
        func weights(_ model: MRF) throws -> [Float] {
            let lists = try Self.lists(model, matrix)
            #expect(lists.starts == [0, 1, 2] && lists.items == [1, 0])
            return lists.weights
        }
        // From item 1 to item 0, then from 0 to 1: 3 / (5 + 1) and 3 / (4 + 1).
        let plain = try weights(MRF(dropout: 0, lambda: 1, userPower: 0, itemPower: 0))
        #expect(zip(plain, [0.5, 0.6] as [Float]).allSatisfy { abs($0 - $1) < 1e-6 })
        // p / (1 - p) = 1: 3 / (5 + 5) and 3 / (4 + 4).
        let denoising = try weights(MRF(dropout: 0.5, lambda: 0, userPower: 0, itemPower: 0))
        #expect(zip(denoising, [0.3, 0.375] as [Float]).allSatisfy { abs($0 - $1) < 1e-6 })
        // A click of the first three users counts 1/2: 1.5 / (3.5 + 1) and 1.5 / (2.5 + 1), times 5/4 and 4/5.
        let powers = try weights(MRF(dropout: 0, lambda: 1, userPower: 1, itemPower: 1))
        #expect(zip(powers, [1.25 / 3, 1.2 / 3.5] as [Float]).allSatisfy { abs($0 - $1) < 1e-6 })
    }

    /// Each pair of items has a user in common, and the neighbours are all others: the system has three blocks.
    @Test("with all items as neighbours the weights are those of the dense regressions") func isTheDenseRegression() throws {
        let items = 150
        let matrix = InteractionMatrix(
            rows: [Array(0..<items)] + (0..<400).map { user in Set((0..<9).map { (user * 31 + $0 * $0 * 17) % items }).sorted() },
            itemCount: items)
        let pairs: [(any Baseline, MRF)] = [
            (EASE(lambda: 5), MRF(neighbours: 149, dropout: 0, lambda: 5, userPower: 0, itemPower: 0)),
            (
                EDLAE(dropout: 0.6, lambda: 0.5, userPower: 0.7, itemPower: 0.3),
                MRF(neighbours: 10_000, dropout: 0.6, lambda: 0.5, userPower: 0.7, itemPower: 0.3)
            ),
        ]
        for (dense, sparse) in pairs {
            let expected = try #require(try dense.fitted(matrix) as? ItemWeights).weights
            let lists = try Self.lists(sparse, matrix)
            #expect(lists.items.count == items * (items - 1))
            var (worst, largest) = (Float(0), Float(0))
            for item in 0..<items {
                for place in lists.starts[item]..<lists.starts[item + 1] {
                    let weight = expected.pointer[Int(lists.items[place]) * items + item]
                    worst = max(worst, abs(lists.weights[place] - weight))
                    largest = max(largest, abs(weight))
                }
            }
            #expect(worst < 2e-6 && largest > 0.01)
        }
    }

    /// Item 9 is left out of the lists of 0 to 8, and of equal items the lower ones stay.
    @Test("of equal neighbours the lower items are taken") func choosesTheLowerItems() throws {
        let matrix = InteractionMatrix(rows: (0..<4).map { _ in Array(0..<10) } + [[0, 12], [0, 12]], itemCount: 13)
        var model = MRF(neighbours: 3)
        let lists = try Self.lists(model, matrix)
        model.knownPairs = 0
        let again = try Self.lists(model, matrix)
        #expect(again.starts == lists.starts && again.items == lists.items)
        func neighbours(_ item: Int) -> [Int32] { Array(lists.items[lists.starts[item]..<lists.starts[item + 1]]) }
        #expect(neighbours(5) == [1, 2, 3] && neighbours(1) == [2, 3, 4] && neighbours(12) == [0])
        #expect(neighbours(10).isEmpty && neighbours(11).isEmpty)
    }

    /// [[1, 1, 0], [1, 1, 1], [0, 1, 1]] has the eigenvalue 1 - sqrt 2, since the pair of items 0 and 2 is unknown.
    @Test("a block that is not positive definite gets a larger diagonal") func raisesTheDiagonal() {
        let gram = SparseGram(
            rows: ItemNeighbours.Lists(
                starts: [0, 1, 3, 4, 7], items: [1, 0, 2, 1, 0, 1, 2], weights: [1, 1, 1, 1, 0.75, 0.5, 1]),
            diagonal: [1, 1, 1, 1])
        let regression = NeighbourhoodRegression(items: 4, neighbours: 3)
        func weights(penalty: Float) -> [Float] {
            var weights = [Float](repeating: .nan, count: 3)
            regression.solve(3, [0, 1, 2], of: gram, penalties: [Float](repeating: penalty, count: 4), into: &weights)
            return weights
        }
        func residual(_ x: [Float], diagonal: Float) -> Float {
            let products = [diagonal * x[0] + x[1], x[0] + diagonal * x[1] + x[2], x[1] + diagonal * x[2]]
            return zip(products, [0.75, 0.5, 1] as [Float]).map { abs($0 - $1) }.max() ?? .infinity
        }
        // More than sqrt 2 - 1 is missing on the diagonal; of the 64ths, 32 are enough.
        #expect(residual(weights(penalty: 0.01), diagonal: 1.51) < 1e-5)
        #expect(residual(weights(penalty: 0.5), diagonal: 1.5) < 1e-5)
    }

    @Test("nothing to learn from gives an empty model or finite weights")
    func survivesTinyData() throws {
        for (rows, items, count) in [
            ([[0]], 1, 0), ([[]], 1, 0), ([[], []], 3, 0), ([[0, 1, 2]], 3, 6), ([[0], [1], [2]], 3, 0), ([[1, 3]], 5, 2),
        ] as [([[Int]], Int, Int)] {
            for model in [MRF(), MRF(neighbours: 1, dropout: 0, lambda: 1e-12), MRF(dropout: 0.999, lambda: 1e30)] {
                let lists = try Self.lists(model, InteractionMatrix(rows: rows, itemCount: items))
                #expect(
                    lists.starts.count == items + 1 && lists.items.count == (model.neighbours == 1 ? min(count, items) : count))
                #expect(lists.weights.allSatisfy { $0.isFinite })
            }
        }
        // Twins and hardly a penalty.
        let twins = InteractionMatrix(rows: (0..<9).map { _ in [0, 1, 2] }, itemCount: 4)
        let weights = try Self.lists(MRF(dropout: 0, lambda: 1e-12), twins).weights
        #expect(weights.count == 6 && weights.allSatisfy { $0.isFinite && $0 > 0 })
    }

    @Test func refusesOptionsThatCannotBe() {
        for model in [
            MRF(neighbours: 0), MRF(neighbours: -1), MRF(dropout: 1), MRF(dropout: -0.1), MRF(dropout: .nan),
            MRF(dropout: 0, lambda: 0), MRF(lambda: -1), MRF(lambda: .infinity), MRF(lambda: .nan), MRF(userPower: .nan),
            MRF(userPower: 3), MRF(itemPower: .infinity), MRF(itemPower: -2.5),
        ] {
            let error = #expect(throws: FoldinError.self) { try model.fitted(BaselineTests.matrix) }
            #expect(error?.kind == .usage, "\(model.options)")
        }
    }

    @Test func saysWhatMemoryItWouldNeed() throws {
        let error = #expect(throws: FoldinError.self) {
            try MRF(availableMemory: 1_000_000).fitted(BaselineTests.matrix)
        }
        #expect(error?.kind == .usage && error?.found.contains("700 items") == true)
        #expect(error?.found.contains("1 MB") == true || error?.found.contains("1.0 MB") == true, "\(String(describing: error))")
        let text = try #require(error?.expected.split(separator: " ").first { Int($0) != nil })
        let fewer = try #require(Int(text))
        #expect(fewer > 0 && fewer < 200)
        _ = try MRF(availableMemory: 100_000_000).fitted(BaselineTests.matrix)
    }

    @Test func stopsWhenCancelledOnTheWay() throws {
        // More items than are done between two checks, twice.
        let items = 5_000
        let matrix = InteractionMatrix(
            rows: (0..<1_000).map { user in (0..<6).map { (user * 37 + $0 * $0 * 1_213) % items }.sorted() }, itemCount: items)
        for asked in 1...6 {
            var count = 0
            #expect(throws: CancellationError.self) {
                try MRF(neighbours: 5).fit(
                    matrix, workers: Workers(count: 2),
                    isCancelled: {
                        count += 1
                        return count == asked
                    }, progress: { _ in })
            }
        }
        var fractions: [Double] = []
        _ = try MRF(neighbours: 5).fit(
            matrix, workers: Workers(count: 2), isCancelled: { false }, progress: { fractions.append($0) })
        #expect(fractions == fractions.sorted() && fractions.count == 6 && fractions.last == 1)
    }
}
