import FoldinInteractions
import FoldinKernels
import FoldinSupport
import FoldinTestSupport
import Foundation
import Testing

@testable import FoldinBaselines
@testable import FoldinModels

@Suite("Implicit ALS") struct ImplicitALSTests {
    /// What NumPy makes of the same clicks, by `Tests/Reference/ials_reference.py`.
    struct Reference: Decodable {
        struct Case: Decodable {
            let unobservedWeight: Double
            let lambda: Double
            let frequencyPower: Double
            let latent: Int
            let start: [Float]
            let losses: [Double]
            let scores: [Double]

            var penalty: ImplicitALSPenalty {
                ImplicitALSPenalty(unobservedWeight: unobservedWeight, lambda: lambda, frequencyPower: frequencyPower)
            }
        }

        let items: Int
        let iterations: Int
        let rows: [[Int]]
        let cases: [Case]

        var matrix: InteractionMatrix { InteractionMatrix(rows: rows, itemCount: items) }

        static func read() throws -> Reference {
            let path = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures/ials.json")
            let decoder = JSONDecoder()
            decoder.keyDecodingStrategy = .convertFromSnakeCase
            return try decoder.decode(Reference.self, from: Data(contentsOf: path))
        }
    }

    /// The loss as it is written, over all pairs.
    static func loss(_ matrix: InteractionMatrix, _ solver: AlternatingSolver, latent: Int, _ penalty: ImplicitALSPenalty)
        -> Double
    {
        let (users, items) = (solver.users.values.map(Double.init), solver.items.values.map(Double.init))
        let counts = matrix.itemCounts()
        var sum = 0.0
        for user in 0..<matrix.userCount {
            let w = users[user * latent..<(user + 1) * latent]
            let clicked = Set(matrix.row(user))
            sum += penalty.ofVector(clicks: clicked.count, others: matrix.itemCount) * w.reduce(0) { $0 + $1 * $1 }
            for item in 0..<matrix.itemCount {
                let score = zip(w, items[item * latent..<(item + 1) * latent]).reduce(0) { $0 + $1.0 * $1.1 }
                sum += penalty.unobservedWeight * score * score
                if clicked.contains(Int32(item)) { sum += (1 - score) * (1 - score) }
            }
        }
        for item in 0..<matrix.itemCount {
            let h = items[item * latent..<(item + 1) * latent]
            sum += penalty.ofVector(clicks: counts[item], others: matrix.userCount) * h.reduce(0) { $0 + $1 * $1 }
        }
        return sum
    }

    static func scores(_ model: any Model, _ matrix: InteractionMatrix) -> [Float] {
        Array(model.scores(for: matrix, workers: Workers(count: 2)).joined())
    }

    static func model(_ solver: AlternatingSolver, latent: Int, _ penalty: ImplicitALSPenalty) throws -> ImplicitALSModel {
        let axes = try PrincipalAxes(
            rotating: FloatBuffer(solver.items.values), latent: latent, workers: Workers(count: 2), isCancelled: { false })
        return ImplicitALSModel(
            items: axes.vectors.count / latent, latent: latent, vectors: axes.vectors, squares: axes.squares, penalty: penalty)
    }

    /// Systems of clicks and of latent columns, for users, items and in folding in.
    @Test func lossesAndScoresAreThoseOfNumPy() throws {
        let reference = try Reference.read()
        let matrix = reference.matrix
        for expected in reference.cases {
            let solver = AlternatingSolver(
                matrix, latent: expected.latent, penalty: expected.penalty, seed: 1, workers: Workers(count: 2))
            for (place, value) in expected.start.enumerated() { solver.items.pointer[place] = value }
            var losses: [Double] = []
            for _ in 0..<reference.iterations {
                try solver.solveUsers(isCancelled: { false }, progress: { _ in })
                losses.append(Self.loss(matrix, solver, latent: expected.latent, expected.penalty))
                try solver.solveItems(isCancelled: { false }, progress: { _ in })
                losses.append(Self.loss(matrix, solver, latent: expected.latent, expected.penalty))
            }
            #expect(losses.count == expected.losses.count)
            for (found, wanted) in zip(losses, expected.losses) { #expect(abs(found / wanted - 1) < 1e-5, "\(found), \(wanted)") }
            let found = Self.scores(try Self.model(solver, latent: expected.latent, expected.penalty), matrix)
            let worst = zip(found, expected.scores).reduce(0) { max($0, abs(Double($1.0) - $1.1)) }
            #expect(found.count == expected.scores.count && worst < 2e-5, "latent \(expected.latent): \(worst)")
        }
    }

    @Test(arguments: [0.0, 0.7, 1, 1.5]) func theLossFallsInEveryHalfSweep(power: Double) throws {
        let matrix = InteractionMatrix(
            rows: (0..<150).map { user in (0..<1 + user % 30).map { (user * 7 + $0 * $0) % 80 } }, itemCount: 80)
        let penalty = ImplicitALSPenalty(unobservedWeight: 0.2, lambda: 0.01, frequencyPower: power)
        let solver = AlternatingSolver(matrix, latent: 12, penalty: penalty, seed: 3, workers: Workers(count: 2))
        var last = Double.infinity
        for _ in 0..<6 {
            for half in [solver.solveUsers, solver.solveItems] {
                try half({ false }, { _ in })
                let loss = Self.loss(matrix, solver, latent: 12, penalty)
                #expect(loss < last)
                last = loss
            }
        }
    }

    /// A training user who is folded in has the scores of the vector that the training solves.
    @Test func foldingInATrainingUserIsTheTrainingsSolution() throws {
        let (matrix, latent) = (BaselineTests.matrix, 9)
        let penalty = ImplicitALSPenalty(unobservedWeight: 0.1, lambda: 0.003)
        let solver = AlternatingSolver(matrix, latent: latent, penalty: penalty, seed: 3, workers: Workers(count: 2))
        for _ in 0..<2 {
            try solver.solveUsers(isCancelled: { false }, progress: { _ in })
            try solver.solveItems(isCancelled: { false }, progress: { _ in })
        }
        try solver.solveUsers(isCancelled: { false }, progress: { _ in })
        let found = Self.scores(try Self.model(solver, latent: latent, penalty), matrix)
        let (users, items) = (solver.users.values, solver.items.values)
        var largest: Float = 0
        for user in stride(from: 0, to: matrix.userCount, by: 7) {
            for item in 0..<matrix.itemCount {
                let score = (0..<latent).reduce(Float(0)) { $0 + users[user * latent + $1] * items[item * latent + $1] }
                #expect(abs(found[user * matrix.itemCount + item] - score) < 1e-5)
                largest = max(largest, score)
            }
        }
        #expect(largest > 0.05)
    }

    static func bytes(_ baseline: ImplicitALS, threads: Int) throws -> [UInt32] {
        guard let model = try baseline.fitted(BaselineTests.matrix, threads: threads) as? ImplicitALSModel else { return [] }
        return (model.vectors.values + model.squares).map(\.bitPattern)
    }

    /// Narrow vectors too, whose systems have a row per column; `BaselineTests` has wide ones.
    @Test func isTheSameToTheBitForAnyNumberOfThreads() throws {
        let narrow = ImplicitALS(latent: 7, iterations: 2)
        let alone = try Self.bytes(narrow, threads: 1)
        #expect(alone.count == 701 * 7)
        for threads in [2, 3] { #expect(try Self.bytes(narrow, threads: threads) == alone) }
        #expect(try Self.bytes(ImplicitALS(latent: 7, iterations: 2, seed: 1), threads: 2) != alone)
    }

    @Test func vectorsAreInTheirPrincipalAxes() throws {
        let fitted = try ImplicitALS(latent: 20, iterations: 2).fitted(BaselineTests.matrix)
        let model = try #require(fitted as? ImplicitALSModel)
        let gram = PrincipalAxes.gram(model.vectors.matrix(rows: 700, columns: 20), workers: Workers(count: 2))
        for row in 0..<20 {
            for column in 0..<20 where row != column { #expect(abs(gram[row * 20 + column]) < 1e-4 * gram[0]) }
            #expect(abs(gram[row * 21] - Double(model.squares[row])) < 1e-4 * gram[0])
            #expect(row == 0 || model.squares[row] <= model.squares[row - 1])
        }
        #expect(model.squares[19] > 0)
    }

    /// Rows and columns without clicks, one of each, and nothing but clicks.
    @Test func tinyDataIsFine() throws {
        for (rows, items) in [([[0]], 1), ([[]], 1), ([[0], []], 3), ([[0, 1, 2]], 3), ([[2], [2], [2]], 4)] as [([[Int]], Int)] {
            let matrix = InteractionMatrix(rows: rows, itemCount: items)
            let fitted = try ImplicitALS(latent: 8, unobservedWeight: 0.1, iterations: 3).fitted(matrix)
            let model = try #require(fitted as? ImplicitALSModel)
            #expect(model.latent == min(rows.count, items))
            let scores = Self.scores(model, matrix)
            #expect(scores.count == rows.count * items && scores.allSatisfy { $0.isFinite })
            for (user, row) in rows.enumerated() {
                for item in 0..<items {
                    let score = scores[user * items + item]
                    #expect(row.contains(item) ? score > 0.5 : abs(score) < 0.5, "\(rows): \(score)")
                }
            }
        }
    }

    @Test func refusesWhatCannotBe() {
        func with(_ unobserved: Double, _ lambda: Double, _ power: Double = 1) -> ImplicitALS {
            ImplicitALS(unobservedWeight: unobserved, lambda: lambda, frequencyPower: power)
        }
        for (baseline, found) in [
            (ImplicitALS(latent: 0), "0 latent"), (ImplicitALS(latent: 8193), "8193 latent"),
            (ImplicitALS(iterations: 0), "0 iterations"), (with(0, 1), "an unobserved weight of 0.0"),
            (with(.nan, 1), "an unobserved weight of nan"),
            (with(1, -1), "a lambda of -1.0"),
            (with(1, .infinity), "a lambda of inf"),
            (with(1, 1, 2.5), "a frequency power of 2.5"),
            (ImplicitALS(availableMemory: 1_000_000), "vectors of 256 for 900 users and 700 items"),
        ] {
            let error = #expect(throws: FoldinError.self) { try baseline.fitted(BaselineTests.matrix) }
            #expect(error?.kind == .usage && error?.found.contains(found) == true, "\(found): \(String(describing: error))")
        }
    }

    @Test func theWeightOfAllPairsFollowsTheDensity() {
        // 3 clicks on 2 x 100 pairs, and on 2 x 5.
        let matrix = InteractionMatrix(rows: [[0, 4], [1]], itemCount: 100)
        #expect(abs(ImplicitALS().penalty(for: matrix).unobservedWeight - 0.45) < 1e-12)
        #expect(ImplicitALS().penalty(for: InteractionMatrix(rows: [[0, 4], [1]], itemCount: 5)).unobservedWeight == 1)
        #expect(ImplicitALS(unobservedWeight: 0.5).penalty(for: matrix).unobservedWeight == 0.5)
        #expect(ImplicitALS().penalty(for: InteractionMatrix(rows: [[]], itemCount: 5)).validationError == nil)
    }

    /// Everybody has clicked everything, and hardly anything keeps the vectors short.
    @Test func saysThatLambdaIsTooSmall() {
        let matrix = InteractionMatrix(rows: (0..<60).map { _ in Array(0..<50) }, itemCount: 50)
        let error = #expect(throws: FoldinError.self) {
            try ImplicitALS(latent: 40, unobservedWeight: 1e-9, lambda: 1e-9).fitted(matrix)
        }
        #expect(error?.kind == .usage && error?.reason == .penaltyTooSmall && error?.expected == "a larger lambda")
    }

    /// At whichever check it is told to stop, it stops.
    @Test func stopsAtAnyCheck() throws {
        let baseline = ImplicitALS(latent: 5, iterations: 2)
        func checks(stoppingAt last: Int) -> Int? {
            var checks = 0
            do {
                _ = try baseline.fit(
                    BaselineTests.matrix, workers: Workers(count: 2),
                    isCancelled: {
                        checks += 1
                        return checks == last
                    }, progress: { _ in })
                return nil
            } catch {
                return error is CancellationError ? checks : -1
            }
        }
        for last in 1...12 { #expect(checks(stoppingAt: last) == last) }
        #expect(checks(stoppingAt: .max) == nil)
    }

    @Test func progressRises() throws {
        var fractions: [Double] = []
        _ = try ImplicitALS(latent: 3, iterations: 2).fit(
            BaselineTests.matrix, workers: Workers(count: 2), isCancelled: { false }, progress: { fractions.append($0) })
        #expect(fractions == fractions.sorted() && fractions.count >= 4 && fractions.last == 1)
    }
}
