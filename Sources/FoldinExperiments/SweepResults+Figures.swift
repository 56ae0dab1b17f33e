#if Experiments
import FoldinSupport
import FoldinTraining
import Foundation

extension SweepResults {
    /// The figures for which the store has data: the article's three and the learning curves.
    public var figures: [Figure] { [annealingFigure, dimensionFigure, lossFigure, learningFigure].compactMap(\.self) }

    /// The best evaluated run of each network of some families, in the order of the sweep, at most as many as a figure can distinguish.
    private func bestByNetwork(_ families: [String]) -> [StoredRun] {
        let runs = evaluated.filter { families.contains($0.family) && histories[$0.id] != nil }
        let groups = Dictionary(grouping: runs) { "\($0.family) \($0.network ?? "")" }
        let best = groups.values.compactMap { $0.max { (rankingValue($0), $1.position) < (rankingValue($1), $0.position) } }
        let chosen = best.sorted { (rankingValue($0), $1.position) > (rankingValue($1), $0.position) }.prefix(Series.limit)
        return chosen.sorted { $0.position < $1.position }
    }

    /// The first test metric, which is usually also the validation metric.
    private var ranking: String? { testMetrics.first }

    /// The article's first figure: the validation metric and beta over epochs, with the peak of each network marked.
    private var annealingFigure: Figure? {
        let annealed = NetworkFamily.all.filter(\.hasAnnealing)
        let runs = bestByNetwork(annealed.map(\.name))
        guard let first = runs.first else { return nil }
        let metric = Self.title(of: first.options["metric"] ?? "")
        var script = Series.style
        var plots: [String] = []
        var betas: [String] = []
        for (index, run) in runs.enumerated() {
            let history = histories[run.id] ?? []
            let series = Series(
                title: run.network ?? run.id, rows: history.map { [Double($0.epoch), $0.validation, $0.beta] })
            script += series.block(index)
            plots.append("$d\(index) using 1:2 with lines \(Series.line(index)) title \(Gnuplot.quoted(series.title))")
            betas.append("$d\(index) using 1:3 with lines \(Series.line(index)) notitle")
            if let peak = history.filter({ $0.validation != nil }).max(by: { ($0.validation ?? 0) < ($1.validation ?? 0) }) {
                script += "$p\(index) << EOD\n\(peak.epoch) \(peak.validation ?? 0) \(peak.beta)\nEOD\n"
                plots.append("$p\(index) using 1:2 with points \(Series.mark(index, size: 0.9)) notitle")
                betas.append("$p\(index) using 1:3 with points \(Series.mark(index, size: 0.9)) notitle")
            }
        }
        guard plots.count > runs.count else { return nil }  // no validation users
        script += Self.panels(
            entries: runs.count, upper: "set ylabel \(Gnuplot.quoted("validation " + metric))", plots,
            lower: "set ylabel 'beta'\nset yrange [0:*]",
            betas)
        return Figure(
            name: "annealing", title: "\(metric) and beta over epochs",
            caption:
                "\(annealed.map(\.title).joined(separator: ", ")): the validation metric of the best run of each network, and beta, the "
                + "weight of the KL divergence, at the same epoch. A mark shows the peak.",
            height: 450 + 25 * runs.count, script: script)
    }

    /// The article's second figure: the test metric against the decoder's first dimension, the width of the latent vector.
    private var dimensionFigure: Figure? {
        guard let ranking else { return nil }
        var script = Series.style
        var plots: [String] = []
        var dimensions: Set<Double> = []
        for (index, family) in families.prefix(Series.limit).enumerated() {
            let runs = evaluated.filter { $0.family == family && metric("test \(ranking)", of: $0)?.mean != nil }
            let groups = Dictionary(grouping: runs) { Double($0.options["latent"] ?? "") ?? 0 }
            let points = runs.map { run in
                [Double(run.options["latent"] ?? ""), metric("test \(ranking)", of: run)?.mean]
            }
            // For each dimension the configuration with the best validation metric, over its seeds.
            let line = groups.sorted { $0.key < $1.key }.map { dimension, runs in
                let configurations = Dictionary(grouping: runs, by: \.configuration).values
                let best = configurations.max { Self.mean($0.map(rankingValue)) < Self.mean($1.map(rankingValue)) } ?? []
                let values = best.compactMap { metric("test \(ranking)", of: $0)?.mean }
                let (mean, error) = meanAndStandardError(of: values)
                return [dimension, mean, error ?? 0]
            }
            dimensions.formUnion(groups.keys)
            let name = StoredRun.title(ofFamily: family)
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
            set xlabel 'first dimension of the decoder (width of the latent vector)'
            set ylabel \(Gnuplot.quoted("test " + Self.title(of: ranking)))
            set xrange [\(least - margin):\(most + margin)]
            \(tics)set offsets 0, 0, graph 0.12, graph 0.08
            set format x '%g'
            set key top right horizontal
            plot \(plots.joined(separator: ", "))
            """
        return Figure(
            name: "dimensions", title: "\(Self.title(of: ranking)) against the decoder's first dimension",
            caption: "The line joins the configurations with the best validation metric at each width; bars are one standard "
                + "error over seeds, small rings are single runs.",
            height: 380, script: script)
    }

    /// The article's third figure: the test metric against the loss at the best epoch.
    private var lossFigure: Figure? {
        guard let ranking else { return nil }
        var script = Series.style
        var plots: [String] = []
        let isOfValidation = evaluated.allSatisfy { run in
            histories[run.id]?.first { $0.epoch == run.bestEpoch }?.validationLoss != nil
        }
        let users = isOfValidation ? "validation" : "training"
        for (index, family) in families.prefix(Series.limit).enumerated() {
            let points = evaluated.filter { $0.family == family }.compactMap { run -> [Double?]? in
                guard let best = histories[run.id]?.first(where: { $0.epoch == run.bestEpoch }),
                    let mean = metric("test \(ranking)", of: run)?.mean
                else { return nil }
                return [isOfValidation ? best.validationLoss : best.negativeLogLikelihood, mean]
            }
            guard !points.isEmpty else { continue }
            let series = Series(title: StoredRun.title(ofFamily: family), rows: points)
            script += series.block(index)
            plots.append(
                "$d\(index) using 1:2 with points \(Series.mark(index, size: 0.8)) title \(Gnuplot.quoted(series.title))")
        }
        guard !plots.isEmpty else { return nil }
        script += """
            set xlabel '\(users) loss at the best epoch (negative log-likelihood per user)'
            set ylabel \(Gnuplot.quoted("test " + Self.title(of: ranking)))
            set offsets graph 0.06, graph 0.06, graph 0.12, graph 0.06
            set key top right horizontal
            plot \(plots.joined(separator: ", "))
            """
        return Figure(
            name: "loss", title: "\(Self.title(of: ranking)) against loss",
            caption:
                "Each point is a run: further left it fits the \(users) users better, higher it ranks items better for the test users.",
            height: 380, script: script)
    }

    /// Validation metric and training loss of the best run of each model and network.
    private var learningFigure: Figure? {
        let runs = bestByNetwork(families)
        guard let first = runs.first else { return nil }
        var script = Series.style
        var scores: [String] = []
        var losses: [String] = []
        for (index, run) in runs.enumerated() {
            let history = histories[run.id] ?? []
            let title = "\(run.familyTitle) \(run.network ?? "")"
            script += Series(title: title, rows: history.map { [Double($0.epoch), $0.validation, $0.loss] }).block(index)
            scores.append("$d\(index) using 1:2 with lines \(Series.line(index)) title \(Gnuplot.quoted(title))")
            losses.append("$d\(index) using 1:3 with lines \(Series.line(index)) notitle")
        }
        let hasScores = runs.contains { run in histories[run.id]?.contains { $0.validation != nil } ?? false }
        guard hasScores else { return nil }
        script += Self.panels(
            entries: runs.count,
            upper: "set ylabel \(Gnuplot.quoted("validation " + Self.title(of: first.options["metric"] ?? "")))", scores,
            lower: "set ylabel 'training loss'\nset ytics \(Self.tic(runs.flatMap { histories[$0.id] ?? [] }.map(\.loss)))",
            losses)
        return Figure(
            name: "learning", title: "Learning curves",
            caption: "The best run of each model and network: above the validation metric, below the training loss.",
            height: 450 + 25 * runs.count, script: script)
    }

    /// A script of two plots, one above the other, over the same epochs.
    private static func panels(
        entries: Int, upper: String, _ above: [String], lower: String, _ below: [String]
    ) -> String {
        """
        set multiplot
        set lmargin 10
        set rmargin 2
        set key tmargin center vertical maxcols 1
        set format x ''
        set size 1,0.58
        set origin 0,0.42
        set bmargin 0.8
        set tmargin \(Double(entries) * 1.15 + 0.8)
        \(upper)
        plot \(above.joined(separator: ", "))
        set size 1,0.42
        set origin 0,0
        set bmargin 4
        set tmargin 0.8
        set format x '%g'
        set xlabel 'epoch'
        unset key
        \(lower)
        plot \(below.joined(separator: ", "))
        unset multiplot
        """
    }

    /// A distance between tics that gives about four: 1, 2 or 5 times a power of ten.
    private static func tic(_ values: [Double]) -> Double {
        guard let least = values.min(), let most = values.max(), most > least, (most - least).isFinite else { return 1 }
        let rough = (most - least) / 4
        let power = pow(10, log10(rough).rounded(.down))
        return power * ([1, 2, 5].first { $0 * power >= rough } ?? 10)
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
