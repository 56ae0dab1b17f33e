import FoldinInteractions
import FoldinKernels
import FoldinModels
import FoldinTestSupport
import Foundation
import Testing

@testable import FoldinTraining

/// The estimate of the softmax's sum; the step that uses it is in `OutputHeadTests`.
@Suite("Sampled softmax") struct SampledSoftmaxTests {
    /// Items 0, 5 and 7 are clicked.
    static let clicks: [Int32] = [0, 5, 7, 0, 7]
    static let popularity = (0..<40).map { 400 / ($0 + 1) }

    static func source(_ step: UInt64) -> RandomSource { RandomSource(seed: 3, stream: RandomStream.negatives, step: step) }

    /// What a proposal's documentation says of it.
    static func shares(_ clicks: [Int]) -> [Double] {
        let powers = clicks.map { pow(Double($0), Proposal.exponent) }
        let total = powers.reduce(0, +)
        return powers.map { (1 - Proposal.evenShare) * $0 / total + Proposal.evenShare / Double(clicks.count) }
    }

    /// Chi-square over 40 items, one of them never clicked: 39 degrees of freedom, so 39 and 9 expected and spread.
    @Test func drawsFollowTheShares() {
        let clicks = Self.popularity.dropLast() + [0]
        let proposal = Proposal(clicks: Array(clicks), draws: 1)
        let draws = 200_000
        var words = [UInt32](repeating: 0, count: 2 * draws)
        words.withUnsafeMutableBufferPointer { Self.source(0).words(into: $0) }
        var counts = [Int](repeating: 0, count: clicks.count)
        for draw in 0..<draws { counts[Int(proposal.item(words[2 * draw], words[2 * draw + 1]))] += 1 }
        let square = zip(counts, Self.shares(Array(clicks))).reduce(0.0) { sum, entry in
            let expected = entry.1 * Double(draws)
            return sum + (Double(entry.0) - expected) * (Double(entry.0) - expected) / expected
        }
        #expect(square > 15 && square < 75, "chi-square \(square)")
        #expect(counts.allSatisfy { $0 > 0 })
    }

    @Test func candidatesAreClickedItemsThenOthers() {
        var candidates = Candidates(Proposal(clicks: Self.popularity, draws: 12))
        for step in 0..<50 {
            candidates.assemble(clicks: Self.clicks, randomness: Self.source(UInt64(step)))
            let clicked = candidates.items[..<candidates.clickedCount]
            let others = candidates.items[candidates.clickedCount...]
            #expect(Array(clicked) == [0, 5, 7] && candidates.positions == [0, 1, 2, 0, 2])
            #expect(Array(others) == Set(others).subtracting(clicked).sorted() && others.count <= 12 && !others.isEmpty)
            #expect(candidates.corrections[..<3] == [0, 0, 0] && candidates.corrections[3...].allSatisfy { $0 > 0 })
        }
        let first = candidates.items
        candidates.assemble(clicks: Self.clicks, randomness: Self.source(50))
        #expect(candidates.items != first)
        candidates.assemble(clicks: [39], randomness: Self.source(49))
        candidates.assemble(clicks: Self.clicks, randomness: Self.source(49))
        #expect(candidates.items == first)
    }

    /// Over many draws the estimated sum of exponentials has the exact one for its mean, within four standard errors.
    @Test(arguments: [2, 12, 60])
    func theEstimateOfTheSumIsUnbiased(draws: Int) {
        var random = Draws(seed: 5)
        let logits = (0..<40).map { _ in 2 * Double(random.signed()) }
        let exact = logits.reduce(0) { $0 + exp($1) }
        var candidates = Candidates(Proposal(clicks: Self.popularity, draws: draws))
        let count = 20_000
        var sum = 0.0
        var squares = 0.0
        for step in 0..<count {
            candidates.assemble(clicks: Self.clicks, randomness: Self.source(UInt64(step)))
            let estimate = zip(candidates.items, candidates.corrections).reduce(0.0) {
                $0 + exp(logits[Int($1.0)] + Double($1.1))
            }
            sum += estimate
            squares += estimate * estimate
        }
        let mean = sum / Double(count)
        let error = ((squares / Double(count) - mean * mean) / Double(count)).squareRoot()
        #expect(abs(mean - exact) < 4 * error, "\(mean) ± \(error), exactly \(exact)")
        #expect(error < 0.02 * exact && error > 0)
    }
}
