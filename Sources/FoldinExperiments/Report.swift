#if Experiments
import FoldinEvaluation
import FoldinInteractions
import FoldinKernels
import FoldinModels
import FoldinSupport
import Foundation

/// A sweep's results as one self-contained page of HTML: no script, no network, no font.
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

    /// The whole page.
    ///
    /// - Throws: `FoldinError` if a model cannot be read or has other items than the dataset, or a figure cannot be drawn.
    public func html() throws -> String {
        let best = results.families.compactMap { results.best(of: $0) }
        let sections: [String] = try [
            header(best), settings(best), tables(best), figures(), models(best), allRuns(),
        ]
        let title = HTML.escaped("\(results.sweep.name) on \(results.sweep.dataset)")
        return """
            <!DOCTYPE html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <title>\(title)</title>
            <style>
            \(ReportStyle.text)
            </style>
            </head>
            <body>
            <main>
            \(sections.joined(separator: "\n"))
            </main>
            </body>
            </html>

            """
    }

    private func header(_ best: [StoredRun]) -> String {
        let sweep = results.sweep
        let evaluated = results.evaluated
        let failed = results.runs.count { $0.status == .failed }
        let open = results.runs.count { !$0.isDone }
        let seconds = results.runs.reduce(0) { $0 + ($1.seconds ?? 0) }
        var tiles = [("\(evaluated.count) of \(results.runs.count)", "trainings evaluated")]
        if let metric = results.testMetrics.first,
            let top = best.max(by: { results.rankingValue($0) < results.rankingValue($1) }),
            let figure = results.metric("test \(metric)", of: top)?.mean
        {
            tiles.append(
                (Table.Cell.fixed(figure, 4), "test \(SweepResults.title(of: metric)) of the best run, \(top.familyTitle)"))
        }
        tiles.append((Self.time(seconds), "of training in total"))
        if let dataset {
            tiles.append((dataset.train.userCount.grouped, "training users"))
            tiles.append((dataset.items.count.grouped, "items"))
        }
        if failed > 0 { tiles.append(("\(failed)", "failed")) }
        if open > 0 { tiles.append(("\(open)", "not finished")) }
        return "<header><h1>\(HTML.escaped(sweep.name)) <span class=\"soft\">on \(HTML.escaped(sweep.dataset))</span></h1>\n"
            + "<p class=\"soft\">Started \(HTML.escaped(String(sweep.began.prefix(10)))). Runs are chosen by the validation users and evaluated on "
            + "the test users; ± is one standard error.</p>\n<div class=\"tiles\">"
            + tiles.map { (tile: (String, String)) -> String in
                "<div class=\"tile\"><b>\(HTML.escaped(tile.0))</b><span>\(HTML.escaped(tile.1))</span></div>"
            }.joined()
            + "</div></header>"
    }

    private func settings(_ best: [StoredRun]) -> String {
        guard !best.isEmpty else { return "<p>No training has been evaluated yet.</p>" }
        let cards = best.map { run -> String in
            var lines = [("run", run.id), ("network", run.network ?? ""), ("parameters", run.parameters.map(\.grouped) ?? "")]
            lines.append(("best epoch", "\(run.bestEpoch ?? 0) of \(run.epochs), in \(Self.time(run.seconds ?? 0))"))
            let shownElsewhere: Set = ["model", "hidden", "latent", "decoder-hidden", "metric"]
            let changed = PlannedRun.changes(in: run.options)
            let always = ["epochs", "batch-size", "learning-rate", "dropout", "seed"]
            for name in Set(changed.keys).union(always).subtracting(shownElsewhere).sorted() {
                if let value = run.options[name] { lines.append((name, value)) }
            }
            return "<div class=\"card\"><h3>\(HTML.escaped(run.familyTitle))</h3><dl>"
                + lines.map { "<dt>\(HTML.escaped($0.0))</dt><dd>\(HTML.escaped($0.1))</dd>" }.joined() + "</dl></div>"
        }
        return "<section><h2>Best settings</h2><div class=\"cards\">\(cards.joined())</div></section>"
    }

    private func tables(_ best: [StoredRun]) throws -> String {
        guard !best.isEmpty else { return "" }
        var text = "<section><h2>Results</h2><h3>Best run of each model</h3>" + HTML.table(slim(results.bestTable))
        text += "<h3>Mean and standard error over seeds</h3>" + HTML.table(slim(results.seedTable), highlightingFirst: true)
        if best.count > 1 {
            text += "<h3>\(HTML.escaped(best[0].familyTitle)) and \(HTML.escaped(best[1].familyTitle)) on the same users</h3>"
            text +=
                "<p>Second minus first, by the paired t test over test users. A difference whose interval contains 0 may be noise.</p>"
            text += HTML.table(try results.comparisonTable(best[0], best[1]))
        }
        return text + "</section>"
    }

    private func figures() throws -> String {
        guard let gnuplot else {
            return "<section><h2>Figures</h2><p class=\"note\">Left out: gnuplot was not found.</p></section>"
        }
        let drawn = try results.figures.enumerated().map { number, figure -> String in
            let picture = HTML.inline(svg: try gnuplot.draw(figure, as: .svg), title: figure.title, number: number)
            return
                "<figure>\(picture)<figcaption><b>\(HTML.escaped(figure.title)).</b> \(HTML.escaped(figure.caption))</figcaption></figure>"
        }
        return drawn.isEmpty ? "" : "<section><h2>Figures</h2>\(drawn.joined(separator: "\n"))</section>"
    }

    private func models(_ best: [StoredRun]) throws -> String {
        guard let dataset else {
            return
                "<p class=\"note\">Quality by segment, coverage and recommendations are left out: the dataset was not available.</p>"
        }
        guard !best.isEmpty else { return "" }
        return try ModelSection(results: results, dataset: dataset, best: Array(best.prefix(2)), workers: workers).html
    }

    private func allRuns() -> String {
        let failed = results.runs.contains { $0.status == .failed }
        return "<section><h2>All runs</h2>\(failed ? "<p>The last column has the error of a failed run.</p>" : "")"
            + HTML.table(slim(results.allTable))
            + "<details><summary>The sweep file</summary><pre>\(HTML.escaped(results.sweep.file))</pre></details></section>\n"
            + "<footer class=\"soft\">Made by foldin report from \(HTML.escaped(RunStore.fileName)).</footer>"
    }

    /// The table without what the page shows elsewhere: the dataset, and the options where all rows have the same.
    private func slim(_ table: Table) -> Table {
        let kept = table.columns.indices.filter { index in
            switch table.columns[index].name {
            case "dataset": false
            case "options": Set(table.rows.map { $0[index].readable() }).count > 1
            default: true
            }
        }
        return Table(table.title, columns: kept.map { table.columns[$0] }, rows: table.rows.map { row in kept.map { row[$0] } })
    }

    static func time(_ seconds: Double) -> String {
        let total = Int(min(max(0, seconds), 1e9).rounded())
        if total < 120 { return String(format: "%.\(seconds < 10 ? 1 : 0)f s", seconds) }
        if total < 7200 { return "\(total / 60) min" }
        return String(format: "%.1f h", seconds / 3600)
    }
}
#endif
