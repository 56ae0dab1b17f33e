#if Experiments
import FoldinSupport
import FoldinTraining
import Foundation

extension SweepResults {
    /// The figures for which the store has data: the learning curves and the article's three.
    public var figures: [Figure] { [learningFigure, annealingFigure, dimensionFigure, lossFigure].compactMap(\.self) }

    /// The best evaluated run of each network of some families, best first, at most as many as a figure can distinguish.
    private func bestByNetwork(_ families: [String]) -> [StoredRun] {
        let runs = evaluated.filter { families.contains($0.family) && histories[$0.id] != nil }
        let groups = Dictionary(grouping: runs) { "\($0.family) \($0.network ?? "")" }
        return Array(ranked(groups.values.compactMap { ranked($0).first }).prefix(Series.limit))
    }

    /// The families of `leaders`, at most as many as a figure can distinguish.
    private var shownFamilies: [String] { leaders.prefix(Series.limit).map(\.family) }

    /// Validation metric and training loss of the best run of each model and network.
    private var learningFigure: Figure? {
        let runs = bestByNetwork(families)
        guard let first = runs.first else { return nil }
        let metric = Self.title(of: first.options["metric"] ?? "")
        let all = runs.flatMap { histories[$0.id] ?? [] }
        guard all.contains(where: { $0.validation != nil }) else { return nil }
        var script = Series.style
        var scores: [String] = []
        var losses: [String] = []
        var legend: [Figure.Entry] = []
        for (index, run) in runs.enumerated() {
            let history = histories[run.id] ?? []
            let title = run.shortTitle
            legend.append(.init(title: title, index: index, hasLine: true, hasMarks: false))
            script += Series(title: title, rows: history.map { [Double($0.epoch), $0.validation, $0.loss] }).block(index)
            scores.append("$d\(index) using 1:2 with lines \(Series.line(index)) title \(Gnuplot.quoted(title))")
            losses.append("$d\(index) using 1:3 with lines \(Series.line(index)) notitle")
        }
        script += Self.panels(
            legend.map(\.title), epochs: all.map { Double($0.epoch) },
            upper: "set ylabel \(Gnuplot.quoted("validation " + metric))\n"
                + Series.axis("y", all.compactMap(\.validation), tics: 5),
            scores, lower: "set ylabel 'training loss'\n" + Series.axis("y", all.map(\.loss), tics: 3), losses)
        return Figure(
            name: "learning", title: "Learning curves",
            caption: "The best run of each model and network: the validation metric above, the training loss below.",
            legend: legend, height: Self.panelHeight(legend), script: script)
    }

    /// The article's first figure: the validation metric and beta over epochs, with the peak of each network marked.
    private var annealingFigure: Figure? {
        let annealed = NetworkFamily.all.filter(\.hasAnnealing)
        let runs = bestByNetwork(annealed.map(\.name))
        guard let first = runs.first else { return nil }
        let metric = Self.title(of: first.options["metric"] ?? "")
        let all = runs.flatMap { histories[$0.id] ?? [] }
        var script = Series.style
        var plots: [String] = []
        var peaks: [String] = []
        var legend: [Figure.Entry] = []
        for (index, run) in runs.enumerated() {
            let history = histories[run.id] ?? []
            let title = runs.allSatisfy { $0.family == first.family } ? run.innerWidths ?? run.id : run.shortTitle
            legend.append(.init(title: title, index: index, hasLine: true, hasMarks: true))
            script += Series(title: title, rows: history.map { [Double($0.epoch), $0.validation, $0.beta] }).block(index)
            plots.append("$d\(index) using 1:2 with lines \(Series.line(index)) title \(Gnuplot.quoted(title))")
            if let peak = history.filter({ $0.validation != nil }).max(by: { ($0.validation ?? 0) < ($1.validation ?? 0) }) {
                script += "$p\(index) << EOD\n\(peak.epoch) \(peak.validation ?? 0) \(peak.beta)\nEOD\n"
                plots.append("$p\(index) using 1:2 with points \(Series.mark(index, size: 0.9)) notitle")
                peaks.append("$p\(index) using 1:3 with points \(Series.mark(index, size: 0.9)) notitle")
            }
        }
        guard !peaks.isEmpty else { return nil }  // no validation users
        let curves = distinctBetas(runs)
        // One curve for all runs is no run's own: it has the colour of text.
        let betas = curves.map {
            "$d\($0) using 1:3 with lines \(curves.count == 1 ? "lc rgb 'black' lw 1.5" : Series.line($0)) notitle"
        }
        script += Self.panels(
            legend.map(\.title), epochs: all.map { Double($0.epoch) },
            upper: "set ylabel \(Gnuplot.quoted("validation " + metric))\n"
                + Series.axis("y", all.compactMap(\.validation), tics: 5),
            plots, lower: "set ylabel 'beta'\n" + Series.axis("y", [0] + all.map(\.beta), tics: 3), betas + peaks)
        let equal =
            curves.count == runs.count
            ? "" : curves.count == 1 ? " Beta is the same in all these runs." : " Runs with equal beta share a line."
        return Figure(
            name: "annealing", title: "\(metric) and beta over epochs",
            caption:
                "\(Set(runs.map(\.familyTitle)).sorted().joined(separator: ", ")): the validation metric of the best run of each network above, "
                + "beta (the weight of the KL divergence) at the same epoch below. A mark shows the best epoch."
                + (runs.count > 1 ? equal : ""),
            legend: legend, height: Self.panelHeight(legend), script: script)
    }

    /// The indices of runs whose curves of beta differ. A run that stopped earlier, and had the same beta until then, has no curve of its own.
    private func distinctBetas(_ runs: [StoredRun]) -> [Int] {
        let curves = runs.map { (histories[$0.id] ?? []).map(\.beta) }
        let longestFirst = curves.indices.sorted { (-curves[$0].count, $0) < (-curves[$1].count, $1) }
        let kept = longestFirst.reduce(into: [Int]()) { kept, index in
            if !kept.contains(where: { curves[$0].starts(with: curves[index]) }) { kept.append(index) }
        }
        return kept.sorted()
    }

    /// The article's second figure: the test metric against the decoder's first dimension, the width of the latent vector.
    private var dimensionFigure: Figure? {
        guard let headlineMetric else { return nil }
        let metricTitle = Self.title(of: headlineMetric)
        var script = Series.style
        var plots: [String] = []
        var legend: [Figure.Entry] = []
        var dimensions: Set<Double> = []
        var heights: [Double] = []
        for (index, family) in shownFamilies.enumerated() {
            let runs = evaluated.filter { $0.family == family && metric("test \(headlineMetric)", of: $0)?.mean != nil }
            let groups = Dictionary(grouping: runs) { Double($0.options["latent"] ?? "") ?? 0 }
            let points = runs.map { run in
                [Double(run.options["latent"] ?? ""), metric("test \(headlineMetric)", of: run)?.mean]
            }
            // For each dimension the configuration with the best validation metric, over its seeds.
            let line = groups.sorted { $0.key < $1.key }.map { dimension, runs in
                let configurations = Dictionary(grouping: runs, by: \.configuration).values
                let best = configurations.max { Self.mean($0.map(rankingValue)) < Self.mean($1.map(rankingValue)) } ?? []
                let values = best.compactMap { metric("test \(headlineMetric)", of: $0)?.mean }
                let (mean, error) = meanAndStandardError(of: values)
                return [dimension, mean, error ?? 0]
            }
            dimensions.formUnion(groups.keys)
            heights += points.compactMap { $0[1] }
            heights += line.flatMap { row in row[1].map { [$0 - (row[2] ?? 0), $0 + (row[2] ?? 0)] } ?? [] }
            let name = StoredRun.title(ofFamily: family)
            legend.append(.init(title: name, index: index, hasLine: true, hasMarks: true))
            script += Series(title: name, rows: line).block(2 * index) + Series(title: name, rows: points).block(2 * index + 1)
            plots += [
                "$d\(2 * index) using 1:2 with lines \(Series.line(index)) notitle",
                "$d\(2 * index) using 1:2:3 with yerrorbars \(Series.mark(index, size: 0.8)) lw 1.5 title \(Gnuplot.quoted(name))",
                "$d\(2 * index + 1) using 1:2 with points lc rgb '\(Series.colours[index])' pt 6 ps 0.45 notitle",
            ]
        }
        guard !plots.isEmpty, let least = dimensions.min(), let most = dimensions.max() else { return nil }
        let margin = max(1, (most - least) * 0.08)
        let tics = dimensions.count <= 12 ? "set xtics (\(dimensions.sorted().map { "\($0)" }.joined(separator: ", ")))\n" : ""
        script += """
            set xlabel 'width of the latent vector'
            set ylabel \(Gnuplot.quoted("test " + metricTitle))
            set xrange [\(least - margin):\(most + margin)]
            \(tics)set format x '%g'
            \(Series.axis("y", heights, tics: 5))\(Series.key(legend.map(\.title)))plot \(plots.joined(separator: ", "))
            """
        return Figure(
            name: "dimensions", title: "\(metricTitle) against the width of the latent vector",
            caption:
                "The line joins, at each width, the configurations with the best validation metric. Bars: one standard error over "
                + "seeds. Small rings: single runs.",
            legend: legend, height: 380, script: script)
    }

    /// The article's third figure: the test metric against the loss at the best epoch.
    private var lossFigure: Figure? {
        guard let headlineMetric else { return nil }
        let metricTitle = Self.title(of: headlineMetric)
        var script = Series.style
        var plots: [String] = []
        var legend: [Figure.Entry] = []
        var points: [[Double]] = []
        let isOfValidation = evaluated.allSatisfy { run in
            histories[run.id]?.first { $0.epoch == run.bestEpoch }?.validationLoss != nil
        }
        let users = isOfValidation ? "validation" : "training"
        for (index, family) in shownFamilies.enumerated() {
            let rows = evaluated.filter { $0.family == family }.compactMap { run -> [Double]? in
                guard let best = histories[run.id]?.first(where: { $0.epoch == run.bestEpoch }),
                    let mean = metric("test \(headlineMetric)", of: run)?.mean
                else { return nil }
                return [isOfValidation ? best.validationLoss ?? best.negativeLogLikelihood : best.negativeLogLikelihood, mean]
            }
            guard !rows.isEmpty else { continue }
            points += rows
            let series = Series(title: StoredRun.title(ofFamily: family), rows: rows)
            legend.append(.init(title: series.title, index: index, hasLine: false, hasMarks: true))
            script += series.block(index)
            plots.append(
                "$d\(index) using 1:2 with points \(Series.mark(index, size: 0.8)) title \(Gnuplot.quoted(series.title))")
        }
        guard !plots.isEmpty else { return nil }
        script += """
            set xlabel '\(users) loss at the best epoch'
            set ylabel \(Gnuplot.quoted("test " + metricTitle))
            \(Series.axis("x", points.map { $0[0] }))\(Series.axis("y", points.map { $0[1] }, tics: 5))\(Series.key(legend.map(\.title)))plot \(plots.joined(separator: ", "))
            """
        return Figure(
            name: "loss", title: "\(metricTitle) against loss",
            caption:
                "Each point is a run. Further left: it fits the \(users) users better (negative log-likelihood per user). Higher: it ranks "
                + "items better for the test users.",
            legend: legend, height: 380, script: script)
    }

    private static func panelHeight(_ legend: [Figure.Entry]) -> Int { 440 + 25 * Series.keyRows(legend.map(\.title)) }

    /// A script of two plots, one above the other, over the same epochs.
    private static func panels(
        _ titles: [String], epochs: [Double], upper: String, _ above: [String], lower: String, _ below: [String]
    ) -> String {
        """
        set multiplot
        set lmargin 10
        set rmargin 2
        \(Series.key(titles))\(Series.axis("x", [0] + epochs, wholeNumbers: true, tics: 6))set format x ''
        set size 1,0.56
        set origin 0,0.44
        set bmargin 0.8
        set tmargin (keyed ? \(Double(Series.keyRows(titles)) * 1.15 + 0.8) : 0.8)
        \(upper)plot \(above.joined(separator: ", "))
        set size 1,0.44
        set origin 0,0
        set bmargin 3.2
        set tmargin 0.8
        set format x '%g'
        set xlabel 'epoch'
        unset key
        \(lower)plot \(below.joined(separator: ", "))
        unset multiplot
        """
    }

    /// `NDCG@100` for `ndcg@100`.
    static func title(of metric: String) -> String {
        let (kind, cutoff) = (metric.prefix { $0 != "@" }, metric.drop { $0 != "@" })
        let short = ["ndcg", "mrr", "map"].contains(kind)
        return (short ? kind.uppercased() : kind.prefix(1).uppercased() + kind.dropFirst()) + cutoff
    }

    private static func mean(_ values: [Double]) -> Double { meanAndStandardError(of: values).mean ?? -.infinity }
}
#endif
