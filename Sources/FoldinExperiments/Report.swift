#if Experiments
import FoldinEvaluation
import FoldinInteractions
import FoldinKernels
import FoldinModels
import FoldinSupport
import Foundation

/// A sweep's results as one self-contained page of HTML: nothing is loaded from elsewhere. Its one script sorts tables; the page is complete
/// without it. The page of a store is the same bytes each time.
///
///     let page = try Report(results, dataset: dataset, gnuplot: try? Gnuplot()).html()
public struct Report {
    /// The results to show.
    public let results: SweepResults
    /// The dataset, for ids, titles and segments, which the store does not have; nil leaves out the sections that need it.
    public let dataset: PreparedDataset?
    /// The threads that score; they do not change the page.
    public let workers: Workers
    /// The program that draws the figures; nil leaves them out.
    public let gnuplot: Gnuplot?

    /// Recommendations per user that the page evaluates.
    static let cutoff = 20

    /// A report of `results`.
    public init(_ results: SweepResults, dataset: PreparedDataset?, gnuplot: Gnuplot?, workers: Workers = Workers()) {
        self.results = results
        self.dataset = dataset
        self.workers = workers
        self.gnuplot = gnuplot
    }

    /// A part of the page with a heading; an entry of the list of contents.
    struct Section {
        let id: String
        let title: String
        let body: String

        var html: String { "<section>\(HTML.heading(2, title, id: id))\(body)</section>" }
    }

    /// The whole page.
    ///
    /// - Throws: `FoldinError` if a model cannot be read or has other items than the dataset, or a figure cannot be drawn.
    public func html() throws -> String {
        let leaders = results.leaders
        let conclusion = try Conclusion(results)
        let sections: [Section] = try [
            tables(leaders, conclusion), settings(leaders), figures(), models(leaders), [allRuns],
            [MachineSection(results: results).section].compactMap(\.self),
            [terms(leaders)],
        ].flatMap(\.self)
        let title = HTML.escaped("\(results.sweep.name) on \(results.sweep.dataset)")
        return """
            <!DOCTYPE html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta http-equiv="Content-Security-Policy" content="\(ReportScript.policy)">
            <title>\(title)</title>
            <style>
            \(ReportStyle.text)
            </style>
            </head>
            <body>
            <main>
            \(header(leaders, conclusion))
            \(contents(sections))
            \(sections.map(\.html).joined(separator: "\n"))
            <footer class="soft">Made by foldin report from \(HTML.escaped(RunStore.fileName)).</footer>
            </main>
            <script>\(ReportScript.text)</script>
            </body>
            </html>

            """
    }

    private func header(_ leaders: [StoredRun], _ conclusion: Conclusion?) -> String {
        let sweep = results.sweep
        let seconds = results.runs.reduce(0) { $0 + ($1.seconds ?? 0) }
        var tiles = [("\(results.evaluated.count) of \(results.runs.count)", "runs evaluated")]
        if let metric = results.headlineMetric, let best = leaders.first,
            let figure = results.metric("test \(metric)", of: best)?.mean
        {
            tiles.append((Table.Cell.fixed(figure, 4), "test \(SweepResults.title(of: metric)) of the best run"))
        }
        tiles.append((Self.time(seconds), "of training in total"))
        if let dataset {
            tiles.append((dataset.train.userCount.grouped, "training users"))
            tiles.append((dataset.items.count.grouped, "items"))
        }
        let sentences = conclusion?.sentences ?? ["No training has been evaluated yet."]
        let text = sentences.enumerated().map { "<p\($0 == 0 ? " class=\"lead\"" : "")>\(HTML.escaped($1))</p>" }.joined(
            separator: "\n")
        return "<header><p class=\"eyebrow\">Sweep report · started \(HTML.escaped(String(sweep.began.prefix(10))))</p>\n"
            + "<h1>\(HTML.escaped(sweep.name)) <span class=\"soft\">on \(HTML.escaped(sweep.dataset))</span></h1>\n"
            + "<div class=\"conclusion\">\(text)</div>\n<div class=\"tiles\">"
            + tiles.map { (tile: (String, String)) -> String in
                "<div class=\"tile\"><b>\(HTML.escaped(tile.0))</b><span>\(HTML.escaped(tile.1))</span></div>"
            }.joined() + "</div></header>"
    }

    private func contents(_ sections: [Section]) -> String {
        let entries = sections.map { "<li><a href=\"#\($0.id)\">\(HTML.escaped($0.title))</a></li>" }
        return "<nav aria-label=\"Contents\"><ul>\(entries.joined())</ul></nav>"
    }

    private func tables(_ leaders: [StoredRun], _ conclusion: Conclusion?) throws -> [Section] {
        guard let conclusion else { return [] }
        var text =
            "<p>Runs are chosen by their metric for the validation users and evaluated on the test users. ± is one standard error: "
        text += "over test users for a single run, over runs for several seeds. The best value of a quality metric is marked.</p>"
        text += HTML.heading(3, "Best run of each model", id: "best-runs") + networkNote(leaders)
        text += table(results.bestTable)
        text += HTML.heading(3, hasSeeds ? "Means over seeds" : "All configurations", id: "seeds")
        text += table(results.seedTable)
        if let other = conclusion.runnerUp, let table = try comparison(conclusion, with: other) {
            let names = conclusion.names
            text += HTML.heading(3, "\(names.leader) and \(names.runnerUp), user by user", id: "comparison")
            text += "<p>The best run of each on the same test users. The difference is \(HTML.escaped(names.leader)) minus "
            text +=
                "\(HTML.escaped(names.runnerUp)). If the 95% interval contains 0, the difference may be noise (paired t test). "
            text += "The test covers the variation between users, not between seeds.</p>"
            text += HTML.table(table, marking: .inRows(qualityColumns, columns: [[names.runnerUp, names.leader]]))
        }
        if leaders.count > 2, let metric = results.headlineMetric, let table = try comparisons(leaders, by: metric) {
            text += HTML.heading(3, table.title, id: "comparisons")
            text += "<p>Each row is one paired t test; p is not corrected for the number of tests.</p>" + HTML.table(table)
        }
        return [Section(id: "results", title: "Results", body: text)]
    }

    /// Whether any configuration was trained with several seeds.
    private var hasSeeds: Bool { Set(results.evaluated.map(\.configuration)).count < results.evaluated.count }

    /// The leader and the runner-up metric by metric.
    private func comparison(_ conclusion: Conclusion, with other: StoredRun) throws -> Table? {
        let rows = try results.testMetrics.compactMap { name -> [Table.Cell]? in
            guard let found = try results.comparison(other, conclusion.leader, by: name) else { return nil }
            return [
                .text(SweepResults.title(of: name)), .init(found.secondMean, digits: 4), .init(found.firstMean, digits: 4),
            ] + Self.test(found)
        }
        let (leader, runnerUp) = conclusion.names
        return rows.isEmpty
            ? nil
            : Table(
                "\(leader) minus \(runnerUp)",
                columns: [.init("metric"), .init(leader, .number), .init(runnerUp, .number)] + Self.testColumns, rows: rows)
    }

    /// The leader and each other model by one metric.
    private func comparisons(_ leaders: [StoredRun], by metric: String) throws -> Table? {
        let rows = try leaders.dropFirst().compactMap { other -> [Table.Cell]? in
            guard let found = try results.comparison(other, leaders[0], by: metric) else { return nil }
            return [.text(other.familyTitle), .init(found.firstMean, digits: 4)] + Self.test(found)
        }
        let title = SweepResults.title(of: metric)
        return rows.isEmpty
            ? nil
            : Table(
                "\(leaders[0].familyTitle) minus each other model, by \(title)",
                columns: [.init("model"), .init(title, .number)] + Self.testColumns, rows: rows)
    }

    private static let testColumns: [Table.Column] = [
        .init("difference", .measure), .init("95% interval", .number), .init("p", .number), .init("users", .number),
    ]

    private static func test(_ found: PairedComparison) -> [Table.Cell] {
        let interval = found.confidenceInterval.map { "\(signed($0.lowerBound)) to \(signed($0.upperBound))" }
        return [
            .init(found.difference, error: found.standardError), .init(interval), .init(found.pValue, digits: 4),
            .init(found.users),
        ]
    }

    private static func signed(_ value: Double) -> String { (value < 0 ? "−" : "") + String(format: "%.4f", abs(value)) }

    private func settings(_ leaders: [StoredRun]) -> [Section] {
        guard !leaders.isEmpty else { return [] }
        let cards = leaders.map { run -> String in
            var lines = [("run", run.id), ("network", run.network ?? ""), ("parameters", run.parameters.map(\.grouped) ?? "")]
            lines.append(("best epoch", "\(run.bestEpoch ?? 0) of \(run.epochs)"))
            lines.append(("training time", Self.time(run.seconds ?? 0)))
            let shownElsewhere: Set = ["model", "hidden", "latent", "decoder-hidden", "metric"]
            let changed = PlannedRun.changes(in: run.options)
            let always = ["epochs", "batch-size", "learning-rate", "dropout", "seed"]
            for name in Set(changed.keys).union(always).subtracting(shownElsewhere).sorted() {
                if let value = run.options[name] { lines.append((name.replacing("-", with: " "), value)) }
            }
            return "<div class=\"card\">\(HTML.heading(3, run.familyTitle, id: Self.identifier("best", run.family)))<dl>"
                + lines.filter { !$0.1.isEmpty }.map { "<dt>\(HTML.escaped($0.0))</dt><dd>\(HTML.escaped($0.1))</dd>" }.joined()
                + "</dl><p>Train it again:</p><pre class=\"command\" tabindex=\"0\"><code>"
                + run.commandWords(data: dataPath).map { "<span>\(HTML.escaped($0))</span>" }.joined(separator: " ")
                + "</code></pre></div>"
        }
        return [Section(id: "settings", title: "Best settings", body: "<div class=\"cards\">\(cards.joined())</div>")]
    }

    /// The prepared directory without a slash at its end.
    private var dataPath: String {
        let path = results.sweep.dataDirectory
        return path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
    }

    private func figures() throws -> [Section] {
        guard let gnuplot else {
            return [Section(id: "figures", title: "Figures", body: "<p class=\"note\">Left out: gnuplot was not found.</p>")]
        }
        let drawn = try results.figures.enumerated().map { number, figure -> String in
            let picture = HTML.inline(svg: try gnuplot.drawForPage(figure), title: figure.title, number: number)
            // A single series needs no legend.
            let legend = figure.legend.count > 1 ? HTML.legend(figure.legend) : ""
            return "<figure>\(HTML.heading(3, figure.title, id: "figure-\(figure.name)"))\(legend)\(picture)"
                + "<figcaption>\(HTML.escaped(figure.caption))</figcaption></figure>"
        }
        guard !drawn.isEmpty else { return [] }
        return [Section(id: "figures", title: "Figures", body: "<div class=\"figures\">\(drawn.joined(separator: "\n"))</div>")]
    }

    private func models(_ leaders: [StoredRun]) throws -> [Section] {
        guard let dataset else {
            let note =
                "Left out: the dataset was not available (quality by users and items, coverage, examples of recommendations)."
            return [Section(id: "groups", title: "Quality by users and items", body: "<p class=\"note\">\(note)</p>")]
        }
        guard !leaders.isEmpty else { return [] }
        return try ModelSection(results: results, dataset: dataset, best: Array(leaders.prefix(2)), workers: workers).sections
    }

    private var allRuns: Section {
        let failures = results.runs.filter { $0.status == .failed }.map { run in
            "<li><b>\(HTML.escaped(run.id))</b>: \(HTML.escaped(run.error ?? "unknown error"))</li>"
        }
        return Section(
            id: "runs", title: "All runs",
            body: (failures.isEmpty ? "" : "<p>Failed:</p><ul>\(failures.joined())</ul>") + table(results.allTable)
                + "<details><summary>The sweep file</summary><pre tabindex=\"0\">\(HTML.escaped(results.sweep.file))</pre></details>"
        )
    }

    /// What the page's words and abbreviations mean.
    private func terms(_ leaders: [StoredRun]) -> Section {
        let entries = ReportTerms.entries(
            metrics: results.testMetrics,
            network: leaders.lazy.compactMap { run in run.network.map { ($0, run.options["latent"]) } }.first,
            items: dataset?.items.count)
        let list = entries.map { "<dt>\(HTML.escaped($0.term))</dt><dd>\(HTML.escaped($0.meaning))</dd>" }.joined(separator: "\n")
        return Section(id: "terms", title: "Terms", body: "<dl class=\"terms\">\(list)</dl>")
    }

    /// The explanation of a network's name, beside the first table that has one.
    private func networkNote(_ leaders: [StoredRun]) -> String {
        guard leaders.contains(where: { $0.network?.hasPrefix("I-") ?? false }) else { return "" }
        let count = dataset.map { " (\($0.items.count.grouped))" } ?? ""
        return "<p>Network: the widths of the layers from input to output. I is the number of items\(count).</p>"
    }

    /// A table for the page: the headline metric follows the model, metrics have their titles, the network is below the model, and columns with
    /// the same value in all rows are a line above the table.
    private func table(_ table: Table) -> String {
        let headline = results.headlineMetric
        let metrics = Set(results.testMetrics)
        let names = table.columns.map(\.name)
        let alwaysShown: Set = ["run", "model", "network", "validation"]
        let neverShown: Set = ["dataset", "error"]
        let equal = table.columns.indices.filter { column in
            table.rows.count > 1 && !metrics.contains(names[column]) && !alwaysShown.contains(names[column])
                && Set(table.rows.map { $0[column].readable() }).count == 1 && !neverShown.contains(names[column])
        }
        let shown = table.columns.indices.filter { !neverShown.contains(names[$0]) && !equal.contains($0) }
        let values = shown.filter { metrics.contains(names[$0]) || names[$0] == "validation" }
        let order =
            shown.prefix { !values.contains($0) && table.columns[$0].kind == .text } + values.filter { names[$0] == headline }
            + values.filter { names[$0] != headline }
        let rest = shown.filter { !order.contains($0) }
        let columns = (order + rest).map { index -> Table.Column in
            let column = table.columns[index]
            return .init(heading(column.name), column.kind)
        }
        let same = equal.map { column in (name: names[column], value: table.rows[0][column].readable()) }.filter {
            !$0.value.isEmpty
        }
        .map { $0.name == "options" ? $0.value : "\(heading($0.name)) \($0.value)" }
        let note =
            same.isEmpty ? "" : "<p class=\"soft\">The same in all rows: \(HTML.escaped(same.joined(separator: "; "))).</p>"
        return note
            + HTML.table(
                Table(table.title, columns: columns, rows: table.rows.map { row in (order + rest).map { row[$0] } }),
                marking: .inColumns(qualityColumns), details: ["model": "network"])
    }

    /// The heading of a table's column on the page.
    private func heading(_ column: String) -> String {
        switch column {
        case "validation": validationTitle
        case "epoch": "best epoch"
        case "epochs": "epochs trained"
        default: results.testMetrics.contains(column) ? SweepResults.title(of: column) : column
        }
    }

    /// The headings of columns in which the largest value is the best.
    private var qualityColumns: Set<String> {
        Set(results.testMetrics.filter(ReportTerms.isQuality).map { SweepResults.title(of: $0) } + [validationTitle])
    }

    /// The heading of the validation metric: with the metric's title if it is the same in all runs.
    private var validationTitle: String {
        let names = Set(results.evaluated.compactMap { $0.options["metric"] })
        return names.count == 1 ? "validation \(names.map { SweepResults.title(of: $0) }.joined())" : "validation"
    }

    /// An identifier of an element from a name that may have any characters.
    static func identifier(_ prefix: String, _ name: String) -> String {
        prefix + "-" + String(name.map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "-" })
    }

    static func time(_ seconds: Double) -> String {
        let total = Int(min(max(0, seconds), 1e9).rounded())
        if total < 120 { return String(format: "%.\(seconds < 10 ? 1 : 0)f s", seconds) }
        if total < 7200 { return "\(total / 60) min" }
        return String(format: "%.1f h", seconds / 3600)
    }
}
#endif
