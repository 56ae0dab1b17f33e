import FoldinInteractions
import FoldinKernels
import Testing

@testable import FoldinModels

/// Scores picked in bfloat16, beside those of single precision.
@Suite("Rounded scores", .enabled(if: Precision.bfloat16.isAvailable)) struct RoundedScorerTests {
    static let items = 1_281
    static let histories = InteractionMatrix.synthetic(users: 30, items: items, meanInteractions: 12, seed: 5)

    static func scored(_ model: TrainedModel, threads: Int = 2) throws -> (exact: FloatBuffer, near: FloatBuffer, RoundedScores) {
        let workers = Workers(count: threads)
        let (exact, near) = (FloatBuffer(count: 30 * items), FloatBuffer(count: 30 * items))
        model.score(histories, rows: 0..<30, into: exact.pointer, workers: workers)
        let rounded = try #require(RoundedScorer(model, workers: workers)).score(histories, into: near.pointer, workers: workers)
        return (exact, near, rounded)
    }

    /// No score is further off than the margin says, and the margin says something: it is a small part of the scores' spread.
    @Test(arguments: Shape.all, [1, 40] as [Float]) func areWithinTheirMargin(shape: Shape, scale: Float) throws {
        let model = TrainedModel.fresh(shape.architecture(items: Self.items))
        let weights = try #require(model.parameters?.tensors.suffix(2).first)
        for i in 0..<weights.count { weights.pointer[i] *= scale }
        let (exact, near, rounded) = try Self.scored(model)
        for row in 0..<30 {
            let scores = exact.values[row * Self.items..<(row + 1) * Self.items]
            let worst = zip(scores, near.values[row * Self.items..<(row + 1) * Self.items]).reduce(0) {
                max($0, abs($1.0 - $1.1))
            }
            let spread = (scores.max() ?? 0) - (scores.min() ?? 0)
            #expect(worst > 0 && worst <= rounded.margin(of: row))
            #expect(rounded.margin(of: row) < spread / 50, "\(rounded.margin(of: row)) of \(spread)")
        }
    }

    @Test func areTheSameBitsWhereTheyAreExact() throws {
        let (exact, _, rounded) = try Self.scored(.fresh(Shape.all[7].architecture(items: Self.items)))
        for row in [0, 7, 29] {
            let items = (0..<300).map { Int32(($0 * 37 + row) % Self.items) }
            let expected = items.map { exact.pointer[row * Self.items + Int($0)] }
            #expect(
                rounded.exact(items, row: row).elementsEqual(expected) {
                    abs($0 - $1) <= (MatrixMultiply.libraryDescription.hasPrefix("Foldin") ? 0 : 1e-5)
                })
            #expect(rounded.exact([], row: row).isEmpty)
        }
    }

    @Test func areTheSameForAnyNumberOfThreads() throws {
        let model = TrainedModel.fresh(Shape.all[4].architecture(items: Self.items))
        #expect(try Self.scored(model, threads: 1).near.values == Self.scored(model, threads: 3).near.values)
    }

    /// A weight that is a float and no bfloat16.
    @Test func haveNoMarginWhereRoundingIsWithoutBound() throws {
        let model = TrainedModel.fresh(Shape.all[2].architecture(items: Self.items))
        let weights = try #require(model.parameters?.tensors.suffix(2).first)
        weights.pointer[9] = .greatestFiniteMagnitude
        #expect(try !Self.scored(model).2.margin(of: 3).isFinite)
    }

    @Test func areForAutoencodersOnly() {
        let popularity = ItemPopularity(Self.histories)
        #expect(RoundedScorer(TrainedModel(core: .popularity(popularity), items: nil)) == nil)
    }
}
