// swift-format-ignore-file: AlwaysUseLowerCamelCase

#if compiler(>=6.3)
import CFoldin
import Foldin
import Foundation
import Synchronization

/// A model behind `foldin_model`, with the ids of its items as texts of C.
final class OpenModel: Sendable {
    let model: TrainedModel
    let ids: Vocabulary
    private let texts = Mutex<(ids: Texts?, titles: Texts?)>((nil, nil))

    init(_ model: TrainedModel) {
        self.model = model
        ids = model.items ?? Vocabulary((0..<model.itemCount).map(String.init))
    }

    func recommender(_ control: Control) -> Recommender { Recommender(model, ids: ids, workers: control.workers) }

    /// The ids as texts that live as long as this object; made at the first call.
    var idTexts: foldin_texts {
        texts.withLock { texts in
            let made = texts.ids ?? Texts(ids.ids)
            texts.ids = made
            return made.texts
        }
    }

    /// The same for the titles.
    var titleTexts: foldin_texts {
        texts.withLock { texts in
            let made = texts.titles ?? Texts(model.titles.map { $0 ?? "" })
            texts.titles = made
            return made.texts
        }
    }
}

@c @implementation
public func foldin_model_load(
    _ path: UnsafePointer<CChar>!, _ model: UnsafeMutablePointer<OpaquePointer?>!,
    _ error: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>!
) -> Int32 {
    status(error) {
        let path = String(cString: try given(path, "a model file"))
        let place = try given(model, "a place for the model")
        place.pointee = Handle.pointer(to: OpenModel(try TrainedModel(contentsOf: path)))
    }
}

@c @implementation
public func foldin_model_save(
    _ model: OpaquePointer!, _ path: UnsafePointer<CChar>!, _ error: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>!
) -> Int32 {
    status(error) {
        try Handle<OpenModel>.value(of: model, "a model").model.save(to: String(cString: given(path, "a path")))
    }
}

@c @implementation
public func foldin_model_free(_ model: OpaquePointer!) { Handle<OpenModel>.free(model) }

/// What `foldin_model_describe` says of a model.
private struct ModelDescription: Encodable {
    let family, summary: String
    let items: Int
    let options: [String: String]
    let metrics: [String: Double]
    let data: String

    init(_ model: TrainedModel) {
        (family, summary, items) = (model.model.family, model.summary, model.itemCount)
        (options, metrics, data) = (model.card.options, model.card.metrics, model.card.dataChecksum)
    }
}

@c @implementation
public func foldin_model_describe(
    _ model: OpaquePointer!, _ json: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>!,
    _ error: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>!
) -> Int32 {
    status(error) {
        let description = ModelDescription(try Handle<OpenModel>.value(of: model, "a model").model)
        try given(json, "a place for the document").pointee = FoldinC.json(description)
    }
}

@c @implementation
public func foldin_model_item_count(_ model: OpaquePointer!) -> Int64 {
    Int64((try? Handle<OpenModel>.value(of: model, "a model").model.itemCount) ?? 0)
}

@c @implementation
public func foldin_model_ids(
    _ model: OpaquePointer!, _ ids: UnsafeMutablePointer<foldin_texts>!,
    _ error: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>!
) -> Int32 {
    status(error) {
        let model = try Handle<OpenModel>.value(of: model, "a model")
        try given(ids, "a place for the ids").pointee = model.idTexts
    }
}

@c @implementation
public func foldin_model_titles(
    _ model: OpaquePointer!, _ titles: UnsafeMutablePointer<foldin_texts>!,
    _ error: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>!
) -> Int32 {
    status(error) {
        let model = try Handle<OpenModel>.value(of: model, "a model")
        try given(titles, "a place for the titles").pointee = model.titleTexts
    }
}

@c @implementation
public func foldin_model_find(
    _ model: OpaquePointer!, _ ids: UnsafePointer<foldin_texts>!, _ indices: UnsafeMutablePointer<Int32>!,
    _ error: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>!
) -> Int32 {
    status(error) {
        let model = try Handle<OpenModel>.value(of: model, "a model")
        let texts = try [String](given(ids, "ids").pointee, "ids")
        guard !texts.isEmpty else { return }
        let places = try given(indices, "a place for the indices")
        for (place, id) in texts.enumerated() { places[place] = model.ids.index(of: id).map(Int32.init) ?? -1 }
    }
}

@c @implementation
public func foldin_model_score(
    _ model: OpaquePointer!, _ histories: UnsafePointer<foldin_interactions>!, _ control: UnsafePointer<foldin_control>!,
    _ scores: UnsafeMutablePointer<Float>!, _ error: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>!
) -> Int32 {
    status(error) {
        let model = try Handle<OpenModel>.value(of: model, "a model").model
        let control = try Control(control)
        let histories = try InteractionMatrix(
            given(histories, "histories").pointee, "the histories", columns: model.itemCount)
        guard histories.userCount > 0 else { return }
        let scores = try given(scores, "a place for the scores")
        let atOnce = ScoredBlock.usersAtOnce(500, items: model.itemCount)
        for start in stride(from: 0, to: histories.userCount, by: atOnce) {
            if control.wantsToStop { throw CancellationError() }
            let rows = start..<min(histories.userCount, start + atOnce)
            model.score(histories, rows: rows, into: scores + start * model.itemCount, workers: control.workers)
        }
    }
}

@c @implementation
public func foldin_model_recommend(
    _ model: OpaquePointer!, _ histories: UnsafePointer<foldin_interactions>!, _ selection: UnsafePointer<foldin_selection>!,
    _ control: UnsafePointer<foldin_control>!, _ items: UnsafeMutablePointer<Int32>!, _ scores: UnsafeMutablePointer<Float>!,
    _ error: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>!
) -> Int32 {
    status(error) {
        let model = try Handle<OpenModel>.value(of: model, "a model")
        let control = try Control(control)
        let itemCount = model.model.itemCount
        let histories = try InteractionMatrix(given(histories, "histories").pointee, "the histories", columns: itemCount)
        let selection = try given(selection, "a selection").pointee
        let number = try resultCount(selection.count, users: histories.userCount)
        let excluded = try indices(selection.excluded, selection.excluded_count, "the excluded items", of: itemCount)
        let allowed =
            selection.allowed_count < 0
            ? nil : try indices(selection.allowed, selection.allowed_count, "the allowed items", of: itemCount)
        guard histories.userCount > 0 else { return }
        try model.recommender(control).bestItems(
            number, for: histories, keepingHistory: selection.keeps_history != 0, excluding: excluded, allowing: allowed,
            into: given(items, "a place for the items"), scores: given(scores, "a place for the scores"),
            isCancelled: { control.wantsToStop })
    }
}

@c @implementation
public func foldin_model_similar(
    _ model: OpaquePointer!, _ items: UnsafePointer<Int32>!, _ itemCount: Int64, _ count: Int64,
    _ control: UnsafePointer<foldin_control>!, _ similar: UnsafeMutablePointer<Int32>!, _ scores: UnsafeMutablePointer<Float>!,
    _ error: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>!
) -> Int32 {
    status(error) {
        let model = try Handle<OpenModel>.value(of: model, "a model")
        let control = try Control(control)
        let items = try indices(items, itemCount, "the items", of: model.model.itemCount)
        let number = try resultCount(count, users: items.count)
        let recommender = model.recommender(control)
        for (place, item) in items.enumerated() {
            if control.wantsToStop { throw CancellationError() }
            guard let best = recommender.mostSimilar(number, to: Int(item)) else {
                throw FoldinError(.usage, found: "a model of \(model.model.summary)", expected: "one that compares items")
            }
            Recommender.fill(
                try given(similar, "a place for the items") + place * number,
                try given(scores, "a place for the scores") + place * number, number, best.lazy.map(\.item),
                best.lazy.map(\.score))
        }
    }
}

@c @implementation
public func foldin_model_evaluate(
    _ model: OpaquePointer!, _ known: UnsafePointer<foldin_interactions>!, _ heldOut: UnsafePointer<foldin_interactions>!,
    _ train: UnsafePointer<foldin_interactions>!, _ metrics: UnsafePointer<CChar>!, _ perUser: Int32,
    _ control: UnsafePointer<foldin_control>!, _ json: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>!,
    _ error: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>!
) -> Int32 {
    status(error) {
        let model = try Handle<OpenModel>.value(of: model, "a model").model
        let control = try Control(control)
        let users = try HeldOutUsers(
            known: given(known, "known items").pointee, heldOut: given(heldOut, "held-out items").pointee, "test",
            items: model.itemCount)
        let training = try train.map { try InteractionMatrix($0.pointee, "the training matrix", columns: model.itemCount) }
        let names = try metrics.map { text in
            try String(cString: text).split(separator: ",").map { try Metric(named: $0.trimmingCharacters(in: .whitespaces)) }
        }
        let metrics = try Evaluator(names ?? Metric.standard, workers: control.workers).userMetrics(
            model, on: users, training: training, isCancelled: { control.wantsToStop })
        let place = try given(json, "a place for the document")
        place.pointee = try perUser == 0 ? FoldinC.json(metrics.report) : FoldinC.json(UserValues(metrics))
    }
}

/// The figures of an evaluation with each user's own.
private struct UserValues: Encodable {
    private enum Key: String, CodingKey { case rows, values }

    let report: EvaluationReport
    let rows: [Int32]
    let values: [String: [Double]]

    init(_ metrics: UserMetrics) {
        (report, rows) = (metrics.report, metrics.userIndices)
        let pairs = metrics.metrics.compactMap { metric in metrics[metric].map { (metric.description, $0) } }
        values = Dictionary(pairs) { first, _ in first }
    }

    func encode(to encoder: any Encoder) throws {
        try report.encode(to: encoder)
        var container = encoder.container(keyedBy: Key.self)
        try container.encode(rows, forKey: .rows)
        try container.encode(values, forKey: .values)
    }
}

/// Checks that a result of `count` items per user can be addressed.
private func resultCount(_ number: Int64, users: Int) throws -> Int {
    let number = try size(number, "the number of items to recommend", atLeast: 1)
    guard !number.multipliedReportingOverflow(by: max(1, users)).overflow, number <= Int(Int32.max) else {
        throw FoldinError(.usage, found: "\(number) items to recommend", expected: "at most \(Int32.max)")
    }
    return number
}

/// Item indices of C, checked.
private func indices(_ start: UnsafePointer<Int32>?, _ number: Int64, _ name: String, of items: Int) throws -> [Int32] {
    let number = try size(number, "the number of \(name)")
    guard number > 0 else { return [] }
    let list = Array(UnsafeBufferPointer(start: try given(start, name), count: number))
    if let wrong = list.first(where: { $0 < 0 || Int($0) >= items }) {
        throw FoldinError(.badData, found: "\(wrong) in \(name)", expected: "0 to \(items - 1)")
    }
    return list
}
#endif
