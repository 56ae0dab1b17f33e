import CFoldinKernels
import FoldinInteractions
import FoldinKernels
import FoldinTestSupport
import Testing

@testable import FoldinModels

/// Scores picked with fewer bits, beside those of single precision; by each kind of weights that this processor can multiply.
@Suite("Rounded scores") struct RoundedScorerTests {
    struct Kind: Sendable, CustomTestStringConvertible {
        let type: any RoundedWeights.Type
        /// The part of the scores' spread that a margin may be.
        let precision: Float
        var testDescription: String { "\(type)" }
    }

    static let kinds =
        (Processor.Feature.avx512BFloat16.isPresent ? [Kind(type: BFloat16Weights.self, precision: 0.02)] : [])
        + (Processor.has(FOLDIN_AVX2) ? [Kind(type: ByteWeights.self, precision: 0.1)] : [])
    static let items = 1_281
    static let histories = InteractionMatrix.synthetic(users: 30, items: items, meanInteractions: 12, seed: 5)

    /// Scores of 30 users, the approximate ones in rows `stride` apart.
    static func scored(
        _ model: TrainedModel, _ kind: Kind, stride: Int = items, threads: Int = 2
    ) throws -> (exact: FloatBuffer, near: FloatBuffer, any ApproximateScores) {
        let workers = Workers(count: threads)
        let (exact, near) = (FloatBuffer(count: 30 * items), FloatBuffer(count: 30 * stride))
        model.score(histories, rows: 0..<30, into: exact.pointer, workers: workers)
        let parameters = try #require(model.parameters)
        let rounded = try #require(RoundedScorer(parameters, kind.type, workers: workers)).score(
            histories, rows: 0..<30, into: near.pointer, stride: stride, workers: workers)
        return (exact, near, rounded)
    }

    /// No score is further off than the margin says, and the margin says something: it is a small part of the scores' spread.
    @Test(arguments: kinds, SmallNetwork.all) func approximateScoresAreWithinTheirMargin(kind: Kind, network: SmallNetwork) throws
    {
        for scale: Float in [1, 40] {
            let model = TrainedModel.fresh(network.architecture(items: Self.items))
            let weights = try #require(model.parameters?.buffers.suffix(2).first)
            for i in 0..<weights.count { weights.pointer[i] *= scale }
            let (exact, near, rounded) = try Self.scored(model, kind)
            for row in 0..<30 {
                let scores = exact.values[row * Self.items..<(row + 1) * Self.items]
                let worst = zip(scores, near.values[row * Self.items..<(row + 1) * Self.items]).reduce(0) {
                    max($0, abs($1.0 - $1.1))
                }
                let (spread, margin) = ((scores.max() ?? 0) - (scores.min() ?? 0), rounded.margin(of: row))
                #expect(worst > 0 && worst <= margin)
                #expect(margin < spread * kind.precision, "\(margin) of \(spread)")
            }
        }
    }

    @Test(arguments: kinds) func exactScoresAreTheBitsOfTheModel(kind: Kind) throws {
        let (exact, _, rounded) = try Self.scored(.fresh(SmallNetwork.all[7].architecture(items: Self.items)), kind)
        for row in [0, 7, 29] {
            let items = (0..<300).map { Int32(($0 * 37 + row) % Self.items) }
            let expected = items.map { exact.pointer[row * Self.items + Int($0)] }
            var found = [Float](repeating: .nan, count: 301)
            items.withUnsafeBufferPointer { rounded.exact($0, row: row, into: &found) }
            #expect(found.removeLast().isNaN)
            #expect(
                found.elementsEqual(expected) { abs($0 - $1) <= (MatrixMultiply.isOwn ? 0 : 1e-5) })
            items.prefix(0).withUnsafeBufferPointer { rounded.exact($0, row: row, into: &found) }
            #expect(found.elementsEqual(expected) { abs($0 - $1) <= 1e-5 })
        }
    }

    @Test(arguments: kinds) func approximateScoresDoNotDependOnThreadsAndStride(kind: Kind) throws {
        let model = TrainedModel.fresh(SmallNetwork.all[4].architecture(items: Self.items))
        let near = try Self.scored(model, kind, threads: 1).near.values
        #expect(try near == Self.scored(model, kind, threads: 3).near.values)
        let stride = Self.items + 15
        let apart = try Self.scored(model, kind, stride: stride).near.values
        for row in 0..<30 {
            #expect(near[row * Self.items..<(row + 1) * Self.items] == apart[row * stride..<row * stride + Self.items])
            #expect(apart[row * stride + Self.items..<(row + 1) * stride].allSatisfy { $0 == 0 })
        }
    }

    /// One weight or one bias so large that scores may overflow, or no number.
    @Test(arguments: kinds, [.greatestFiniteMagnitude, .infinity, .nan] as [Float])
    func theMarginIsInfiniteOrHugeForHugeWeights(kind: Kind, value: Float) throws {
        for tensor in 0..<2 {
            let model = TrainedModel.fresh(SmallNetwork.all[2].architecture(items: Self.items))
            let changed = try #require(model.parameters?.buffers.suffix(2 - tensor).first)
            changed.pointer[9] = value
            let margin = try Self.scored(model, kind).2.margin(of: 3)
            // A byte and its scale hold the largest float; bfloat16 does not.
            let isHeld = tensor == 0 && value.isFinite && kind.type == ByteWeights.self
            #expect(isHeld ? margin > 1e30 : !margin.isFinite)
        }
    }

    /// Weights so small that products of two scales, or of two numbers, are no normal floats.
    @Test(arguments: kinds, [1e-20, 1e-36, 0x1p-143] as [Float])
    func approximateScoresOfTinyWeightsAreWithinTheirMargin(kind: Kind, size: Float) throws {
        let model = TrainedModel.fresh(SmallNetwork.all[3].architecture(items: Self.items))
        let tensors = try #require(model.parameters?.buffers)
        for tensor in tensors { for i in 0..<tensor.count { tensor.pointer[i] *= size } }
        let (exact, near, rounded) = try Self.scored(model, kind)
        for row in 0..<30 {
            for place in row * Self.items..<(row + 1) * Self.items {
                #expect(abs(exact.pointer[place] - near.pointer[place]) <= rounded.margin(of: row))
            }
        }
    }

    @Test(arguments: kinds) func theMarginIsNotFiniteForNaN(kind: Kind) throws {
        let model = TrainedModel.fresh(SmallNetwork.all[2].architecture(items: Self.items))
        let weights = try #require(model.parameters?.buffers.first)
        for i in 0..<weights.count { weights.pointer[i] = .nan }
        #expect(try !Self.scored(model, kind).2.margin(of: 3).isFinite)
    }

    @Test func onlyAutoencodersHaveApproximateScores() {
        let workers = Workers(count: 1)
        #expect(TrainedModel(ItemPopularity(Self.histories)).approximate(workers: workers) == nil)
        let recVAE = RecVAEModel(initializing: RecVAEArchitecture(items: 300, width: 4, latent: 3), seed: 1)
        #expect(TrainedModel(recVAE).approximate(workers: workers) == nil)
    }
}
