import FoldinInteractions
import FoldinKernels
import FoldinTestSupport
import Testing

@testable import FoldinModels

@Suite("Implicit ALS: scoring") struct ImplicitALSModelTests {
    static let items = 90

    /// Vectors that are not in their principal axes: what the scores are does not depend on that.
    static func model(latent: Int, scale: Float = 1, lambda: Double = 0.01, power: Double = 1, items: Int = items)
        -> ImplicitALSModel
    {
        var draws = Draws(seed: UInt64(latent))
        let vectors = (0..<items * latent).map { _ in scale * draws.signed() / Float(latent).squareRoot() }
        let squares = (0..<latent).map { column in
            (0..<items).reduce(Float(0)) { $0 + vectors[$1 * latent + column] * vectors[$1 * latent + column] }
        }
        return ImplicitALSModel(
            items: items, latent: latent, vectors: FloatBuffer(vectors), squares: squares,
            penalty: ImplicitALSPenalty(unobservedWeight: 0.2, lambda: lambda, frequencyPower: power))
    }

    /// How far w is from the minimum: the gradient of the loss, computed as it is written, relative to the clicks' part.
    static func error(_ w: [Float], _ clicks: [Int], _ model: ImplicitALSModel) -> Double {
        let (latent, h) = (model.latent, model.vectors.values.map(Double.init))
        let w = w.map(Double.init)
        var (gradient, scale) = ([Double](repeating: 0, count: latent), 1e-300)
        let penalty = 0.01 * (Double(clicks.count) + 0.2 * Double(model.itemCount))
        for column in 0..<latent {
            gradient[column] = (0.2 * Double(model.squares[column]) + penalty) * w[column]
            scale = max(scale, abs(clicks.reduce(0) { $0 + h[$1 * latent + column] }))
        }
        for item in clicks {
            let score = (0..<latent).reduce(0) { $0 + w[$1] * h[item * latent + $1] }
            for column in 0..<latent { gradient[column] -= (1 - score) * h[item * latent + column] }
        }
        return gradient.reduce(0) { max($0, abs($1)) } / scale
    }

    /// A system of a row per click, one of a row per column, and clicks that are gathered in several parts.
    @Test(arguments: [1, 3, 17, 64, 100]) func aUsersVectorIsTheMinimumOfTheLoss(latent: Int) {
        let model = Self.model(latent: latent)
        for count in [1, 2, 3, 16, 17, 18, 40, 65, 90] {
            let clicks = (0..<count).map { $0 * (Self.items / count) }
            let w = model.userVector(clicks.map(Int32.init))
            #expect(Self.error(w, clicks, model) < 2e-5, "\(count) clicks")
            #expect(Self.error(w.map { $0 * 1.01 }, clicks, model) > 2e-4)
        }
        #expect(model.userVector([]) == [Float](repeating: 0, count: latent))
    }

    /// One scorer for users of all sizes, one after the other.
    @Test func oneUserHasTheSameScoresAsManyToTheBit() {
        let model = Self.model(latent: 20)
        let rows = [Array(0..<90), [5], [], [1, 8, 70], Array(3..<60), [89]]
        let together = model.scores(for: InteractionMatrix(rows: rows, itemCount: Self.items), workers: Workers(count: 3))
        for threads in [1, 2] {
            let scorer = model.oneUserScorer(workers: Workers(count: threads))
            for (row, scores) in zip(rows, together) {
                #expect(Array(scorer.score(row.map(Int32.init), approximately: false)) == scores)
            }
        }
        #expect(together[2].allSatisfy { $0 == 0 } && together[1][5] > 0.1)
    }

    @Test func similaritiesAreCosines() throws {
        let model = ItemModelTests.Kind.ials.trained
        let found = try #require(model.similarities(to: 0))
        // The vectors are 1 1, 2 0, 0 3, 1 -1, -1 0.
        let half = Float(0.5).squareRoot()
        #expect(zip(found, [1, half, half, 0, -half]).allSatisfy { abs($0 - $1) < 1e-6 })
    }

    /// Vectors and penalties from harmless to hardly solvable in 32-bit floats: finite scores, and none beyond the bound.
    @Test(arguments: [1e-30, 1, 1e3, 1e8, 1e15, 1e18, 1e25] as [Float], [1e-9, 0.01, 1e9]) func theBoundHolds(
        scale: Float, lambda: Double
    ) {
        for power in [0, 1, 1.7] {
            for latent in [2, 5] {
                ScoreBoundTests.check(Self.model(latent: latent, scale: scale, lambda: lambda, power: power, items: 7))
            }
        }
        let bound = Self.model(latent: 5, scale: scale, lambda: lambda).scoreBound(workers: Workers(count: 1))
        let largest: Float = lambda < 1e-3 ? 1e14 : lambda < 1 ? 1e17 : 5e18
        #expect(bound.isFinite == (scale < largest), "\(bound)")
    }
}
