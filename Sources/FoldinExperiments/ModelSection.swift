#if Experiments
import FoldinEvaluation
import FoldinInteractions
import FoldinKernels
import FoldinModels
import FoldinRecommending
import FoldinSupport
import Foundation

/// The part of the report that needs the dataset and the models: quality by kind of user and item, and what is recommended.
struct ModelSection {
    private struct EvaluatedRun {
        let run: StoredRun
        let profile: RecommendationProfile
        var title: String { run.familyTitle }
    }

    private let results: SweepResults
    private let dataset: PreparedDataset
    private let models: [EvaluatedRun]
    private let popularity: RecommendationProfile

    /// Loads the models of `best` and ranks items for all test users.
    ///
    /// - Throws: `FoldinError` for a model that is missing or was trained on other items than the dataset's.
    init(results: SweepResults, dataset: PreparedDataset, best: [StoredRun], workers: Workers) throws {
        self.results = results
        self.dataset = dataset
        models = try best.map { run in
            let model = try results.model(of: run)
            guard model.itemCount == dataset.items.count, model.items == nil || model.items == dataset.items else {
                throw FoldinError(
                    .badData, file: results.directory, found: "the model of \(run.id), which has other items than the dataset",
                    expected: "the data that the sweep was run on")
            }
            return EvaluatedRun(
                run: run, profile: RecommendationProfile(model, on: dataset, cutoff: Report.cutoff, workers: workers))
        }
        popularity = RecommendationProfile(ItemPopularity(dataset.train), on: dataset, cutoff: Report.cutoff, workers: workers)
    }

    /// The two sections.
    var sections: [Report.Section] {
        get throws {
            [
                .init(id: "groups", title: "Quality by users and items", body: try byActivity() + byPopularity),
                .init(id: "recommendations", title: "Recommendations", body: reach + sideBySide),
            ]
        }
    }

    /// The headline metric of four equal parts of the test users, by the number of items folded in.
    private func byActivity() throws -> String {
        guard let metric = results.headlineMetric else { return "" }
        let sizes = Dictionary(
            uniqueKeysWithValues: zip(
                dataset.test.userIndices, (0..<dataset.test.count).map { dataset.test.foldIn.row($0).count }))
        var rows: [[Table.Cell]] = []
        for evaluated in models {
            guard let scores = try results.store.scores(of: evaluated.run.id, metric: metric) else { continue }
            let users = zip(scores.users, scores.values).compactMap { user, value in sizes[user].map { (size: $0, value: value) }
            }
            .enumerated().sorted { ($0.element.size, $0.offset) < ($1.element.size, $1.offset) }.map(\.element)
            for part in 0..<4 {
                let group = users[users.count * part / 4..<users.count * (part + 1) / 4]
                guard let first = group.first, let last = group.last else { continue }
                let (mean, error) = meanAndStandardError(of: group.map(\.value))
                let range = first.size == last.size ? "\(first.size)" : "\(first.size) to \(last.size)"
                if rows.count > part, evaluated.run.id != models[0].run.id {
                    rows[part].append(.init(mean, error: error))
                } else {
                    rows.append([.text(range), .init(group.count), .init(mean, error: error)])
                }
            }
        }
        let columns = [Table.Column("fold-in items"), .init("users", .number)] + models.map { .init($0.title, .measure) }
        guard !rows.isEmpty, rows.allSatisfy({ $0.count == columns.count }) else { return "" }
        let title = "Test \(SweepResults.title(of: metric)) by the users' activity"
        return HTML.heading(3, title, id: "activity") + "<p>Test users in four equal parts, by the number of fold-in items.</p>"
            + HTML.table(Table(title, columns: columns, rows: rows), marking: .inRows(nil, columns: [models.map(\.title)]))
    }

    private var byPopularity: String {
        let columns =
            [Table.Column("items"), .init("share of catalogue", .number)]
            + models.flatMap { [.init("\($0.title): found", .number), .init("\($0.title): recommended", .number)] }
        let rows = (0..<3).map { part -> [Table.Cell] in
            let segment = popularity.segments[part]
            return [.text(segment.name), Self.percent(segment.items)]
                + models.flatMap {
                    [Self.percent($0.profile.segments[part].found), Self.percent($0.profile.segments[part].recommended)]
                }
        }
        let title = "Items by popularity"
        return HTML.heading(3, title, id: "popularity")
            + "<p>The head has the most popular items with a third of the training clicks, the middle the next third, the tail the rest. Found: the "
            + "share of the segment's held-out items that are among a user's first \(Report.cutoff) recommendations. Recommended: the segment's "
            + "share of all recommendations.</p>"
            + HTML.table(
                Table(title, columns: columns, rows: rows), marking: .inRows(nil, columns: [models.map { "\($0.title): found" }]))
    }

    /// Coverage, popularity and inequality of each model's recommendations.
    private var reach: String {
        let all = models.map { ($0.title, $0.profile) } + [("most popular items", popularity)]
        let rows = all.map { title, profile -> [Table.Cell] in
            [.text(title), Self.percent(profile.coverage), Self.percent(profile.popularity), .init(profile.gini, digits: 3)]
        }
        let title = "Coverage and popularity of the first \(popularity.cutoff) recommendations"
        return HTML.heading(3, title, id: "coverage")
            + "<p>Coverage: the share of items recommended to at least one user. Average popularity: the share of training users who "
            + "clicked a recommended item. Gini: how unequally recommendations are distributed over items, from 0 (equally) to 1. Most popular items: the "
            + "same list for everyone, without the user's own items.</p>"
            + HTML.table(
                Table(
                    title,
                    columns: [
                        .init("model"), .init("coverage", .number), .init("average popularity", .number), .init("Gini", .number),
                    ], rows: rows))
    }

    /// Four users from the least to the most active, with the items that each model recommends to them.
    private var sideBySide: String {
        let users = dataset.test
        let order = (0..<users.count).filter { !users.heldOut.row($0).isEmpty && !users.foldIn.row($0).isEmpty }
            .sorted { (users.foldIn.row($0).count, $0) < (users.foldIn.row($1).count, $1) }
        guard !order.isEmpty else { return "" }
        let places = [1, 3, 5, 7].map { order[order.count * $0 / 8] }
        let chosen = places.enumerated().filter { places.firstIndex(of: $1) == $0 }.map(\.element)
        let clicks = dataset.train.itemCounts()
        let parts = chosen.map { row -> String in
            // The items that few others clicked say most about a user.
            let history = users.foldIn.row(row).sorted { (clicks[Int($0)], $0) < (clicks[Int($1)], $1) }
            let shown = history.prefix(8).map { HTML.escaped(title($0)) }.joined(separator: " · ")
            let more = history.count > 8 ? " … and \(history.count - 8) more" : ""
            let user = dataset.users.count > Int(users.userIndices[row]) ? dataset.users[Int(users.userIndices[row])] : "\(row)"
            let cards = models.map { evaluated -> String in
                let items = evaluated.profile.lists[row].prefix(10).map { item -> String in
                    let isHit = users.heldOut.row(row).contains(item)
                    let mark = isHit ? " <span aria-hidden=\"true\">✓</span><span class=\"hidden\">(held out)</span>" : ""
                    return "<li\(isHit ? " class=\"hit\"" : "")>\(HTML.escaped(title(item)))\(mark)</li>"
                }
                return
                    "<div class=\"card\"><h4>\(HTML.escaped(evaluated.title))</h4><ol class=\"list\">\(items.joined())</ol></div>"
            }
            return
                "<h3>User \(HTML.escaped(user)): \(history.count) fold-in items, \(users.heldOut.row(row).count) held out</h3>"
                + "<p class=\"soft\">Clicked: \(shown)\(more)</p><div class=\"cards\">\(cards.joined())</div>"
        }
        return HTML.heading(3, "Examples: \(chosen.count) test users", id: "examples")
            + "<p>The first ten recommendations of each model, below the least popular fold-in items of the user. A ✓ marks a held-out item: the "
            + "user clicked it, and it was not in the model's input.</p>"
            + parts.joined(separator: "\n")
    }

    private func title(_ item: Int32) -> String {
        dataset.titles.isEmpty ? dataset.items[Int(item)] : dataset.titles[Int(item)] ?? dataset.items[Int(item)]
    }

    private static func percent(_ share: Double?) -> Table.Cell {
        share.map { .text(String(format: "%.1f%%", $0 * 100)) } ?? .missing
    }
}
#endif
