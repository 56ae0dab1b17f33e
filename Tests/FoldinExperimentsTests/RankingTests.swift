#if Experiments
import FoldinTestSupport
import Testing

@testable import FoldinExperiments

@Suite("Ranking of a sweep's runs") struct RankingTests {
    /// The second model of the sweep learns, the first one does not.
    static let learnsLast =
        SmallSweep.base + """
            [[runs]]
            model = "mult-vae"
            learning-rate = 1e-9
            [[runs]]
            model = "mult-dae"
            learning-rate = 0.02
            epochs = 12

            """

    @Test("the best model comes first, whichever the sweep names first") func ordersByQuality() throws {
        let folder = try TemporaryFolder()
        let results = try SmallSweep.run(Self.learnsLast, in: folder).results
        #expect(results.leaders.map(\.family) == ["mult-dae", "mult-vae"])
        #expect(results.bestTable.rows.map { $0[1] } == [.text("Mult-DAE"), .text("Mult-VAE")])
        let other = Self.learnsLast.replacing("1e-9", with: "0.02").replacing("0.02\nepochs", with: "1e-9\nepochs")
        let reversed = try SmallSweep.run(other, in: folder, "reversed").results
        #expect(reversed.leaders.map(\.family) == ["mult-vae", "mult-dae"])
    }

    @Test("runs with different validation metrics are ranked by the first test metric") func ranksComparableValues() throws {
        let folder = try TemporaryFolder()
        let text = SmallSweep.base + "[grid]\nmetric = [\"ndcg@5\", \"recall@3\"]\nhidden = [8, 12]\n"
        let results = try SmallSweep.run(text, in: folder).results
        let values = results.evaluated.compactMap { results.metric("test ndcg@5", of: $0)?.mean }
        #expect(results.leaders.first.flatMap { results.metric("test ndcg@5", of: $0)?.mean } == values.max())
        #expect(values.count == 8)
    }
}
#endif
