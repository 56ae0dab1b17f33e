#if Experiments
import FoldinEvaluation
import FoldinInteractions
import FoldinTestSupport
import Foundation
import Testing

@testable import FoldinExperiments

@Suite("Report") struct ReportTests {
    static let text = SweepTests.grid.replacing("\"made\"", with: "'''\(SmallSweep.hostile)'''")

    @Test("is one page without outside resources or unescaped names, with figures") func isSelfContained() throws {
        let folder = try TemporaryFolder()
        let results = try SmallSweep.run(Self.text, in: folder).results
        let gnuplot = try? Gnuplot()
        let page = try Report(results, dataset: SmallSweep.dataset(), gnuplot: gnuplot).html()
        // The report's own script is the only one, and the content security policy allows no other.
        #expect(page.ranges(of: "<script").count == 1 && page.contains("<script>\(ReportScript.text)</script>"))
        #expect(page.contains(ReportScript.policy) && !page.contains("alert(\""))
        for outside in ["http:", "https:", "//", "src=", "<link", "@import", "url("] {
            let places = page.ranges(of: outside).filter { range in
                // gnuplot's own references to parts of the same picture.
                !(outside == "url(" && page[range.upperBound...].hasPrefix("#"))
            }
            #expect(places.isEmpty, "\(outside): \(places.first.map { String(page[$0.lowerBound...].prefix(80)) } ?? "")")
        }
        #expect(page.contains("&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt; &amp; &#39;it&#39;"))
        for part in [
            "Best settings", "user by user", "All runs", "Items by popularity", "Gini", "Examples: 4 test users", "User u5",
        ] {
            #expect(page.contains(part), "\(part)")
        }
        #expect(!page.contains("GRDB") && !page.contains("nan") && !page.contains("Optional("))
        if gnuplot != nil {
            #expect(page.ranges(of: "<svg viewBox=\"0 0 480").count == 4)
            let ids = page.matches(of: /\sid=["']([^"']+)["']/).map { String($0.1) }
            #expect(Set(ids).count == ids.count && !ids.isEmpty)
        }
    }

    @Test("works without dataset, gnuplot and finished runs") func worksWithLittle() throws {
        let folder = try TemporaryFolder()
        let results = try SmallSweep.run(Self.text, in: folder).results
        let page = try Report(results, dataset: nil, gnuplot: nil).html()
        #expect(page.contains("gnuplot was not found") && page.contains("the dataset was not available"))
        let none = try SmallSweep.run(Self.text, in: folder, "none", isCancelled: { true }).results
        #expect(try Report(none, dataset: SmallSweep.dataset(), gnuplot: nil).html().contains("No training has been evaluated"))
    }

    @Test("figures are drawn as SVG and PNG, with labels", .enabled(if: (try? Gnuplot()) != nil)) func drawsFigures() throws {
        let folder = try TemporaryFolder()
        let results = try SmallSweep.run(Self.text, in: folder).results
        let gnuplot = try Gnuplot()
        #expect(results.figures.map(\.name) == ["learning", "annealing", "dimensions", "loss"])
        for figure in results.figures {
            let svg = String(decoding: try gnuplot.draw(figure, as: .svg), as: UTF8.self)
            #expect(svg.contains("NDCG@5") && svg.contains("</svg>"))
            #expect(try gnuplot.draw(figure, as: .png).prefix(4) == Data([0x89, 0x50, 0x4E, 0x47]))
        }
        let broken = Figure(name: "b", title: "", caption: "", legend: [], height: 100, script: "plot nonsense(")
        #expect(failure { try gnuplot.draw(broken, as: .svg) }?.kind == .badData)
    }

    @Test("says how to install gnuplot") func namesTheMissingProgram() {
        #expect(failure { try Gnuplot(searching: "/nowhere:/none") }?.expected.contains("gnuplot-nox") == true)
        #expect(Gnuplot.quoted("a'b\nc") == "'a''b c'")
    }

    @Test("segments of popularity and Gini agree with hand computation") func computesProfiles() {
        #expect(Gini.coefficient(of: [0, 0, 0, 4]) == 0.75)
        #expect(Gini.coefficient(of: [2, 2, 2]) == 0 && Gini.coefficient(of: [0, 0]) == 0)
        #expect(Gini.coefficient(of: [1, 3]) == 0.25)
        // 12 clicks: the first item has a third, the next two the second third, the others the rest.
        #expect(RecommendationProfile.parts([1, 4, 2, 2, 1, 1, 1]) == [2, 0, 1, 1, 2, 2, 2])
    }

    @Test("the tables agree with hand computation") func computesTables() throws {
        let folder = try TemporaryFolder()
        let results = try SmallSweep.run(Self.text, in: folder).results
        let seeds = results.seedTable
        #expect(seeds.rows.count == 4)
        let runs = results.evaluated.filter { $0.configuration == results.best(of: "mult-dae")?.configuration }
        let values = runs.compactMap { results.metric("test ndcg@5", of: $0)?.mean }
        #expect(values.count == 2)
        let error = abs(values[0] - values[1]) / 2
        #expect(seeds.text(as: .json).contains("\"ndcg@5\": \((values[0] + values[1]) / 2), \"ndcg@5_se\": "))
        #expect(
            seeds.rows.contains { row in
                row.contains { cell in
                    if case .measure(_, let found?, _) = cell { abs(found - error) < 1e-12 } else { false }
                }
            })
        let first = try results.run(named: results.runs[0].id)
        let same = try results.comparisonTable(first, first)
        #expect(same.columns.map(\.name).last == "p" && same.rows.map(\.last) == [.number(1, digits: 4), .number(1, digits: 4)])
        #expect(failure { try results.run(named: "mult") }?.found.contains("8 runs") == true)
        #expect(results.allTable.rows.count == 8 && results.bestTable.rows.count == 2)
    }
}
#endif
