#if Service
import FoldinInteractions
import FoldinKernels
import FoldinMessages
import FoldinModels
import FoldinRecommending
import FoldinSupport
import Foundation

/// A loaded and validated model with the indexes that replies need. Immutable.
final class ServedModel: Sendable {
    let tag: ModelTag
    let model: TrainedModel
    let recommender: Recommender
    let ids: Vocabulary
    /// All items, the most popular first.
    let popular: [Int32]
    /// The popularity of each item: the number of training users who clicked it, or, if the file does not have that, its score for an empty
    /// history.
    let popularScores: [Float]
    let titles: TitleIndex
    /// A faster, approximate scorer, if model and processor support it. The scores that a reply has are computed exactly.
    private let approximate: (any ApproximateScorer)?
    /// When the file was last written, and when the model was loaded.
    let modified, loaded: Date
    /// The size of the file.
    let bytes: Int
    /// `{"item":…,"title":…,"score":` for all items one after the other; item `i` is `fragments[starts[i]..<starts[i + 1]]`.
    private let fragments: [UInt8]
    private let starts: [Int]

    /// Reads, validates and indexes the model in the file `path`.
    ///
    /// - Throws: `FoldinError` of kind `missingInput` or `badData`.
    convenience init(arm: String, path: String, workers: Workers) throws {
        let (model, data) = try TrainedModel.reading(path)
        let modified = (try? FileManager.default.attributesOfItem(atPath: path)[.modificationDate]) as? Date ?? Date()
        try self.init(arm: arm, model: model, data: data, file: path, modified: modified, workers: workers)
    }

    /// Validates and indexes `model`, which was read from `data`, the contents of `file`.
    ///
    /// - Throws: `FoldinError` of kind `badData`.
    init(arm: String, model: TrainedModel, data: Data, file: String, modified: Date, workers: Workers) throws {
        // File systems have times that cannot be formatted.
        self.modified = min(max(modified, Date(timeIntervalSince1970: 0)), .distantFuture)
        self.model = model
        bytes = data.count
        try model.checkScores(file: file, workers: workers)
        tag = ModelTag(arm: arm, version: String(data.withUnsafeBytes { Checksum.sha256($0) }.prefix(12)))
        recommender = Recommender(model, workers: workers)
        approximate = model.approximate(workers: workers)
        let ids = model.items ?? Vocabulary((0..<model.itemCount).map(String.init))
        self.ids = ids
        var scores = [Float](repeating: 0, count: model.itemCount)
        model.score(InteractionMatrix(rows: [[Int]()], itemCount: model.itemCount), rows: 0..<1, into: &scores, workers: workers)
        if !model.clicks.isEmpty { scores = model.clicks.map(Float.init) }
        popular = TopK.items(scores.count, of: scores).map(Int32.init)
        popularScores = scores
        titles = TitleIndex(ids: ids, titles: model.titles, popular: popular)
        var fragments: [UInt8] = []
        var starts = [0]
        for item in 0..<model.itemCount {
            fragments.append(contentsOf: "{\"item\":".utf8)
            JSON.append(ids[item], to: &fragments)
            if let title = model.title(of: item) {
                fragments.append(contentsOf: ",\"title\":".utf8)
                JSON.append(title, to: &fragments)
            }
            fragments.append(contentsOf: ServedModel.scoreField)
            starts.append(fragments.count)
        }
        self.fragments = fragments
        self.starts = starts
        loaded = Date()
    }

    /// Writes the scores of all items for `histories` to `scores` [users, items]. Returns nil if they are exact.
    func score(
        _ histories: InteractionMatrix, into scores: UnsafeMutablePointer<Float>, workers: Workers
    ) -> (any ApproximateScores)? {
        let rows = 0..<histories.userCount
        if let approximate {
            return approximate.score(histories, rows: rows, into: scores, stride: model.itemCount, workers: workers)
        }
        model.score(histories, rows: rows, into: scores, workers: workers)
        return nil
    }

    /// The indices of the ids that the model has, and the other ids, in their order.
    func split(_ ids: [String]) -> (known: [Int], unknown: [String]) {
        var known: [Int] = []
        var unknown: [String] = []
        for id in ids {
            if let index = self.ids.index(of: id) { known.append(index) } else { unknown.append(id) }
        }
        return (known, unknown)
    }

    /// The id and the title of an item.
    func summary(of item: Int) -> ItemSummary { ItemSummary(item: ids[item], title: model.title(of: item)) }

    /// Appends a `RecommendationReply` as JSON. The scores must be finite.
    func append(_ kind: RecommendationReply.Kind, _ items: [RankedItem], unknown: [String], to bytes: inout [UInt8]) {
        bytes.reserveCapacity(bytes.count + 100 * items.count + 200)
        append(items, to: &bytes)
        bytes.append(contentsOf: ",\"kind\":\"\(kind.rawValue)\",".utf8)
        appendTag(to: &bytes)
        bytes.append(contentsOf: ",\"unknown\":[".utf8)
        var named: Set<String> = []
        for id in unknown where named.insert(id).inserted {
            if named.count > 1 { bytes.append(UInt8(ascii: ",")) }
            JSON.append(id, to: &bytes)
        }
        bytes.append(contentsOf: "]}".utf8)
    }

    /// Appends a `SimilarReply` as JSON. The scores must be finite.
    func appendSimilar(_ items: [RankedItem], to bytes: inout [UInt8]) {
        append(items, to: &bytes)
        bytes.append(UInt8(ascii: ","))
        appendTag(to: &bytes)
        bytes.append(UInt8(ascii: "}"))
    }

    /// Appends the beginning of an object with these items as its first field.
    private func append(_ items: [RankedItem], to bytes: inout [UInt8]) {
        bytes.append(contentsOf: "{\"items\":[".utf8)
        for (place, ranked) in items.enumerated() {
            if place > 0 { bytes.append(UInt8(ascii: ",")) }
            appendStart(of: Int(ranked.item), to: &bytes)
            bytes.append(contentsOf: ranked.score.description.utf8)
            bytes.append(UInt8(ascii: "}"))
        }
        bytes.append(UInt8(ascii: "]"))
    }

    /// Appends `{"item":…,"title":…,"score":`.
    private func appendStart(of item: Int, to bytes: inout [UInt8]) {
        bytes.append(contentsOf: fragments[starts[item]..<starts[item + 1]])
    }

    /// Appends `{"item":…,"title":…`, to which other fields may be added.
    func appendNames(of item: Int, to bytes: inout [UInt8]) {
        bytes.append(contentsOf: fragments[starts[item]..<starts[item + 1] - ServedModel.scoreField.count])
    }

    /// Appends `"model":{…}`.
    func appendTag(to bytes: inout [UInt8]) {
        bytes.append(contentsOf: "\"model\":{\"arm\":\"\(tag.arm)\",\"version\":\"\(tag.version)\"}".utf8)
    }

    /// The end of each fragment.
    private static let scoreField = Array(",\"score\":".utf8)
}

/// An item by index and its score.
struct RankedItem: Sendable, Equatable {
    let item: Int32
    let score: Float
}
#endif
