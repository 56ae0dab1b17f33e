#if Experiments
import FoldinEvaluation
import FoldinKernels
import FoldinSupport
import FoldinTestSupport
import FoldinTraining
import Foundation
import Testing

@testable import FoldinExperiments

/// What a reader of the page sees: order, marks, links, colours.
@Suite("Report page") struct ReportPageTests {
    @Test("the best model comes first") func beginsWithTheBest() throws {
        let folder = try TemporaryFolder()
        let results = try SmallSweep.run(RankingTests.learnsLast, in: folder).results
        let page = try Report(results, dataset: nil, gnuplot: nil).html()
        let places = ["Mult-DAE</a></h3>", "Mult-VAE</a></h3>"].compactMap { page.range(of: $0)?.lowerBound }
        #expect(places.count == 2 && places[0] < places[1])
        #expect(page.contains("<span>--model mult-dae</span>"))
    }

    @Test("every link leads to an element, and no identifier is used twice") func linksLead() throws {
        let folder = try TemporaryFolder()
        let results = try SmallSweep.run(ReportTests.text, in: folder).results
        let page = try Report(results, dataset: SmallSweep.dataset(), gnuplot: try? Gnuplot()).html()
        let ids = page.matches(of: /\sid=["']([^"']+)["']/).map { String($0.1) }
        #expect(Set(ids).count == ids.count)
        let links = page.matches(of: /<a href="#([^"]+)"/).map { String($0.1) }
        #expect(Set(links).isSubset(of: ids) && links.count > 10)
        let contents = try #require(page.firstMatch(of: /<nav[\s\S]*?<\/nav>/))
        #expect(contents.0.matches(of: /<li>/).count == page.matches(of: /<h2\s/).count)
    }

    @Test("says what the runs were made by and on, as far as their records tell") func namesTheMachine() throws {
        let folder = try TemporaryFolder()
        let results = try SmallSweep.run(ReportTests.text, in: folder).results
        func page() throws -> String { try Report(results, dataset: nil, gnuplot: nil).html() }
        let here = RunEnvironment(threads: 2)
        var section = try #require(try page().firstMatch(of: /<h2 id="machine"[\s\S]*?<\/section>/)).0
        #expect(section.contains(FoldinVersion.text) && section.contains(HTML.escaped(here.processor ?? "unknown")))
        // All runs but one have another record, or none that can be read.
        for (place, run) in results.evaluated.dropFirst().enumerated() {
            let record = results.directory + "/runs/\(run.id)/run.json"
            let other = #"{"command": ["/bin/foldin", "<b>"], "foldin": "9", "memory_bytes": 1, "processors": 7, "threads": 5}"#
            let text = place == 0 ? "{\"environment\": \(other)}" : "{"
            try Data(text.utf8).write(to: URL(filePath: record))
        }
        section = try #require(try page().firstMatch(of: /<h2 id="machine"[\s\S]*?<\/section>/)).0
        #expect(section.matches(of: /<tr>/).count == 3)
        #expect(section.contains("<span>foldin</span> <span>&#39;&lt;b&gt;&#39;</span>"), "\(section)")
        for run in results.evaluated {
            try FileManager.default.removeItem(atPath: results.directory + "/runs/\(run.id)/run.json")
        }
        #expect(try !page().contains("id=\"machine\""))
    }

    @Test("the page is the same bytes each time, for any number of threads") func isReproducible() throws {
        let folder = try TemporaryFolder()
        let results = try SmallSweep.run(ReportTests.text, in: folder).results
        let gnuplot = try? Gnuplot()
        let dataset = SmallSweep.dataset()
        let first = try Report(results, dataset: dataset, gnuplot: gnuplot, workers: Workers(count: 1)).html()
        let second = try Report(
            SweepResults(contentsOf: results.directory), dataset: dataset, gnuplot: gnuplot, workers: Workers(count: 3)
        ).html()
        #expect(first == second)
    }

    @Test("explains networks, metrics and the other words of its tables") func explainsTerms() throws {
        let folder = try TemporaryFolder()
        let results = try SmallSweep.run(ReportTests.text, in: folder).results
        let page = try Report(results, dataset: SmallSweep.dataset(), gnuplot: nil).html()
        for term in ["I-8-4-8-I", "NDCG@k", "Recall@k", "Coverage@k", "95% interval", "held-out items"] {
            #expect(page.contains("<dt>\(term)</dt>") || (term.hasPrefix("I-") && page.contains("<dt>I-")), "\(term)")
        }
        #expect(page.contains("I is the number of items, here 20") && !page.contains("<dt>MRR@k"))
        #expect(
            ReportTerms.isQuality("recall@20") && !ReportTerms.isQuality("popularity@100") && !ReportTerms.isQuality("gini@5"))
        // Every standard metric has an explanation.
        for kind in Metric.Kind.allCases {
            let entries = ReportTerms.entries(metrics: ["\(kind.name)@20"], network: nil, items: nil)
            #expect(entries.contains { $0.term == "\(SweepResults.title(of: kind.name))@k" }, "\(kind.name)")
        }
    }
}

@Suite("Tables as HTML") struct HTMLTableTests {
    @Test("the largest value of a marked column is the best; none where all are equal") func marksTheBest() {
        let table = Table(
            "t", columns: [.init("run"), .init("a", .measure), .init("b", .number), .init("c", .number)],
            rows: [
                [.text("x"), .measure(0.1, error: 0.01, digits: 2), .number(1, digits: 0), .number(9, digits: 0)],
                [.text("y"), .measure(0.3, error: nil, digits: 2), .number(1, digits: 0), .number(8, digits: 0)],
                [.text("z"), .missing, .number(1, digits: 0), .number(7, digits: 0)],
            ])
        let html = HTML.table(table, marking: .inColumns(["a", "b"]))
        #expect(html.ranges(of: "<b>").count == 1 && html.contains("<b>0.30</b>"))
        #expect(html.contains("0.10 <span class=\"below\">±\u{2009}0.01</span>"))
        #expect(html.contains("class=\"sortable\"") && html.contains("data-v=\"0.3\""))
        let rows = HTML.table(table, marking: .inRows(["y"], columns: [["b", "c"]]))
        #expect(rows.ranges(of: "<b>").count == 1 && rows.contains("<b>8</b>"))
        #expect(!HTML.table(table).contains("<b>"))
    }

    @Test("names are escaped in every place; a detail is below its cell") func escapes() {
        let hostile = SmallSweep.hostile
        let table = Table(
            hostile, columns: [.init(hostile), .init("network")],
            rows: [[.text(hostile), .text(hostile)], [.text("a"), .text("b")]])
        let html = HTML.table(table, details: [hostile: "network"])
        #expect(!html.contains("<script") && !html.contains("alert(\"") && !html.contains("'it'"))
        #expect(html.ranges(of: "&lt;script&gt;").count == 4)
        #expect(html.contains("a <span class=\"below\">b</span>") && !html.contains("<th scope=\"col\">network"))
    }

    @Test("small and negative numbers can be read") func writesNumbers() {
        #expect(HTML.number(-0.01462, 4) == "−0.0146" && HTML.number(3e-12, 4) == "&lt;0.0001")
        #expect(HTML.number(-3e-12, 4) == "&gt;−0.0001" && HTML.number(0, 4) == "0.0000" && HTML.number(.nan, 4) == "")
    }
}

@Suite("Colours of the report") struct ReportColourTests {
    /// The variables of the light scheme and of the dark one.
    private static var schemes: [[String: String]] {
        ReportStyle.text.matches(of: /:root\{([^}]*--s1[^}]*)\}/).map { match in
            let pairs = match.1.matches(of: /--([a-z0-9]+):(#[0-9a-f]{3,6})/).map { (String($0.1), String($0.2)) }
            return Dictionary(pairs) { first, _ in first }
        }
    }

    private static func luminance(_ colour: String) -> Double {
        let digits = colour.dropFirst()
        let text = digits.count == 3 ? digits.map { "\($0)\($0)" }.joined() : String(digits)
        let parts = [0, 2, 4].map { start -> Double in
            let value = Double(Int(text.dropFirst(start).prefix(2), radix: 16) ?? 0) / 255
            return value <= 0.04045 ? value / 12.92 : pow((value + 0.055) / 1.055, 2.4)
        }
        return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]
    }

    private static func contrast(_ a: String, _ b: String) -> Double {
        let (x, y) = (luminance(a), luminance(b))
        return (max(x, y) + 0.05) / (min(x, y) + 0.05)
    }

    @Test("text has a contrast of 4.5 to 1 and lines of 3 to 1, in both schemes") func contrasts() throws {
        #expect(abs(Self.contrast("#fff", "#000000") - 21) < 1e-9)
        let schemes = Self.schemes
        try #require(schemes.count == 2 && schemes[0] != schemes[1])
        for scheme in schemes {
            for (text, grounds) in [
                ("ink", ["paper", "ground", "best"]), ("soft", ["paper", "ground", "best"]), ("accent", ["paper", "ground"]),
                ("good", ["paper", "ground"]),
            ] {
                for ground in grounds {
                    let found = Self.contrast(try #require(scheme[text]), try #require(scheme[ground]))
                    #expect(found >= 4.5, "\(text) on \(ground): \(found)")
                }
            }
            for index in 1...Series.limit {
                let found = Self.contrast(try #require(scheme["s\(index)"]), try #require(scheme["paper"]))
                #expect(found >= 3, "s\(index): \(found)")
            }
        }
    }

    @Test("a picture in the page has the page's colours only", .enabled(if: (try? Gnuplot()) != nil)) func followsTheScheme()
        throws
    {
        let folder = try TemporaryFolder()
        let results = try SmallSweep.run(ReportTests.text, in: folder).results
        let page = try Report(results, dataset: nil, gnuplot: Gnuplot()).html()
        let pictures = page.matches(of: /<svg viewBox="0 0 480[\s\S]*?<\/svg>/).map { String($0.0) }
        #expect(pictures.count == 4)
        for picture in pictures {
            #expect(
                !picture.contains("rgb(") && !picture.contains(/['"](white|black|gray)['"]/)
                    && !picture.contains(/#[0-9A-Fa-f]{6}/))
            #expect(picture.contains("var(--s1)") && picture.contains("var(--grid)") && picture.contains("currentColor"))
        }
        let used = Set(page.matches(of: /var\(--(s[0-9]+|grid|paper)\)/).map { String($0.1) })
        for scheme in Self.schemes { #expect(used.subtracting(scheme.keys).isEmpty) }
        // The files keep plain colours.
        let file = String(decoding: try Gnuplot().draw(results.figures[0], as: .svg), as: UTF8.self)
        #expect(file.contains("rgb(") && !file.contains("var(") && file.contains("Mult-"))
    }

    @Test("the legend is text beside a sample of the line") func hasLegend() {
        let html = HTML.legend([.init(title: SmallSweep.hostile, index: 1, hasLine: true, hasMarks: true)])
        #expect(html.contains("var(--s2)") && html.contains("stroke-dasharray=\"8 4\"") && !html.contains("<script"))
    }
}
#endif
