#if Experiments
import FoldinEvaluation
import FoldinTestSupport
import Foundation
import Testing

@testable import FoldinExperiments

@Suite("Conclusion of a report") struct ConclusionTests {
    @Test("names the better model, the data, both means and the paired test") func namesTheLeader() throws {
        let folder = try TemporaryFolder()
        let results = try SmallSweep.run(RankingTests.learnsLast, in: folder).results
        let conclusion = try #require(try Conclusion(results))
        #expect(conclusion.leader.family == "mult-dae" && conclusion.runnerUp?.family == "mult-vae")
        let means = try results.leaders.map { try #require(results.metric("test ndcg@5", of: $0)?.mean) }
        let text = conclusion.sentences
        #expect(means[0] > means[1])
        #expect(
            text[0] == "Mult-DAE leads on made: NDCG@5 is \(String(format: "%.4f", means[0])) for the 14 test users, against "
                + "\(String(format: "%.4f", means[1])) for Mult-VAE.")
        let found = try #require(try results.comparison(results.leaders[1], results.leaders[0], by: "ndcg@5"))
        #expect(text[1] == Conclusion.difference(found))
        #expect(text.contains { $0.hasPrefix("The means over 2 seeds are ") })
        let page = try Report(results, dataset: nil, gnuplot: nil).html()
        #expect(page.contains("<p class=\"lead\">\(HTML.escaped(text[0]))</p>"))
        #expect(page.contains("<th scope=\"col\" class=\"n name\">Mult-DAE</th>") && !page.contains(">second</th>"))
    }

    @Test("says whether a difference is significant") func saysWhetherItIsSignificant() throws {
        let base = (0..<40).map { Double($0) / 100 + 0.1 }
        let clear = PairedComparison(base, base.enumerated().map { $1 + 0.05 + ($0 % 2 == 0 ? 0.01 : -0.01) })
        let sure = try #require(Conclusion.difference(clear))
        #expect(
            sure.hasPrefix(
                "The difference of 0.0500 (16.9%) is statistically significant (paired t test on the same users: p\u{A0}<\u{A0}0.0001, "
            ))
        let noisy = PairedComparison(base, base.enumerated().map { $1 + ($0 % 2 == 0 ? 0.2 : -0.19) })
        let unsure = try #require(Conclusion.difference(noisy))
        #expect(
            unsure.hasPrefix("The difference of 0.0050 (1.7%) is not statistically significant (")
                && unsure.contains("95% interval −0.0"))
        // A leader that is worse on the test users: the interval is that of the positive difference.
        let worse = try #require(Conclusion.difference(PairedComparison(clear: base)))
        #expect(worse.contains("95% interval 0.0"))
        #expect(Conclusion.difference(PairedComparison([], [])) == nil)
        #expect(Conclusion.difference(PairedComparison([0.5], [0.6])) == "The difference is 0.1000 (20.0%).")
    }

    @Test("one family is compared by networks or options; one configuration with nothing") func comparesConfigurations() throws {
        let folder = try TemporaryFolder()
        let networks = try SmallSweep.run(SmallSweep.base + "[grid]\nhidden = [8, 12]\n", in: folder, "networks").results
        let first = try #require(try Conclusion(networks))
        #expect(Set([first.names.leader, first.names.runnerUp]) == ["Mult-VAE 8-4-8", "Mult-VAE 12-4-12"])
        let options = try SmallSweep.run(SmallSweep.base + "[grid]\ndropout = [0.2, 0.3]\n", in: folder, "options").results
        let second = try #require(try Conclusion(options))
        #expect(Set([second.names.leader, second.names.runnerUp]) == ["Mult-VAE with dropout 0.2", "Mult-VAE with dropout 0.3"])
        let single = try SmallSweep.run(SmallSweep.base + "[[runs]]\nhidden = 8\n", in: folder, "single").results
        let third = try #require(try Conclusion(single))
        #expect(third.runnerUp == nil && third.sentences[0].contains("the only configuration"))
        let page = try Report(single, dataset: SmallSweep.dataset(), gnuplot: try? Gnuplot()).html()
        #expect(!page.contains("user by user"))
    }

    @Test("says that more epochs may help and that runs failed") func saysWhatIsIncomplete() throws {
        let folder = try TemporaryFolder()
        let text =
            SmallSweep.base.replacing("seeds = [1, 2]", with: "")
            + "[[runs]]\nlearning-rate = 1e30\n[[runs]]\nlearning-rate = 1e-4\n"
        let results = try SmallSweep.run(text, in: folder).results
        let sentences = try #require(try Conclusion(results)).sentences
        #expect(sentences.contains("Of the 2 runs, 1 failed: the results are incomplete."))
        let page = try Report(results, dataset: nil, gnuplot: nil).html()
        let failed = results.runs[0]
        #expect(page.contains("<li><b>\(failed.id)</b>: \(HTML.escaped(failed.error ?? "?"))</li>"))
        #expect(page.contains("All configurations</a>") && !page.contains("Means over seeds</a>"))
        let isLast = results.evaluated[0].bestEpoch == 4
        #expect(sentences.contains("In the run, the last epoch was the best: more epochs may improve the results.") == isLast)
    }
}

extension PairedComparison {
    /// The second run is clearly worse.
    fileprivate init(clear base: [Double]) { self.init(base, base.enumerated().map { $1 - 0.05 + ($0 % 2 == 0 ? 0.01 : -0.01) }) }
}
#endif
