import FoldinInteractions
import FoldinKernels
import FoldinSupport
import Foundation

// The model file: safetensors, an autoencoder's with the article's names and PyTorch's [outputs, inputs] layout; what is not a
// tensor is JSON text in `__metadata__`.
extension TrainedModel {
    /// Writes the model to one file, whole or not at all.
    ///
    /// - Throws: `FoldinError` of kind `cannotCreate` or `writeFailed`.
    public func save(to path: String) throws {
        var metadata = ["format": "foldin 1", "architecture": try json(model.architecture), "card": try json(card)]
        if let items { metadata["items"] = try json(items.ids) }
        if !titles.isEmpty { metadata["titles"] = try json(titles) }
        if !clicks.isEmpty { metadata["clicks"] = try json(clicks) }
        try ModelFile.write(model.tensors, metadata: metadata, to: path)
    }

    /// Reads a model file of any kind, or a bare PyTorch `state_dict` with the article's names.
    ///
    /// A `state_dict` says neither where tanh goes nor which items it is for: `activations` tells the first (`.paper` when
    /// nil; then `assumedActivations` says so), and `items` is nil. Everything is checked before it is used: sizes, shapes, that all
    /// numbers are finite.
    ///
    /// - Parameters:
    ///   - path: the file, or a run directory with a `model.safetensors`.
    ///   - activations: where tanh goes in a `state_dict`.
    ///   - tensorNames: the article's name of each tensor of a `state_dict` by the name it has there; an empty one leaves a tensor out.
    /// - Throws: `FoldinError` of kind `missingInput` or `badData`, which names what else the file is where that is known.
    public init(
        contentsOf path: String, activations: Architecture.Activations? = nil, tensorNames: [String: String] = [:]
    ) throws {
        let path = TrainedModel.path(of: path)
        if let refusal = TrainedModel.refusal(ofDirectory: path) { throw refusal }
        let file = try ModelFile(contentsOf: path, expected: "a model file (.safetensors) or a run directory")
        guard tensorNames.isEmpty || file.isStateDict else {
            throw FoldinError(
                .usage, file: path, found: "other names for the tensors of a model of foldin's",
                expected: "them for a state_dict only")
        }
        var named = tensorNames.isEmpty ? file : try file.renamed(tensorNames)
        named.activations = activations
        try self.init(named)
    }

    /// The model in a file that is open.
    init(_ file: ModelFile) throws {
        if file.text("format")?.hasPrefix("foldin checkpoint") == true {
            throw FoldinError(
                .badData, file: file.path, found: "the checkpoint of an unfinished training",
                expected: "a model file", reason: .unfinishedTraining)
        }
        let model = try ModelRegistry.model(in: file)
        let itemCount = model.itemCount
        var items: Vocabulary?
        var titles: [String?] = []
        var clicks: [Int] = []
        var card = ModelCard(foldin: nil)
        if !file.isStateDict {
            if file.hasMetadata("items") {
                let ids = try file.metadata("items", as: [String].self)
                guard ids.count == itemCount else {
                    throw FoldinError(
                        .badData, file: file.path, found: "\(ids.count) item ids", expected: "\(itemCount), one an item")
                }
                if let (place, earlier) = Vocabulary.firstRepeat(in: ids) {
                    throw FoldinError(
                        .badData, file: file.path, found: "the id \(ids[place].quoted) for items \(earlier) and \(place)",
                        expected: "a different id for each item")
                }
                items = Vocabulary(ids)
            }
            if file.hasMetadata("titles") {
                titles = try file.metadata("titles", as: [String?].self)
                guard titles.count == itemCount else {
                    throw FoldinError(
                        .badData, file: file.path, found: "\(titles.count) titles", expected: "\(itemCount), one an item"
                    )
                }
            }
            if file.hasMetadata("clicks") {
                clicks = try file.metadata("clicks", as: [Int].self)
                guard clicks.count == itemCount, clicks.allSatisfy({ $0 >= 0 }) else {
                    throw FoldinError(
                        .badData, file: file.path, found: "\(clicks.count) counts of clicks, or one below 0",
                        expected: "\(itemCount), one an item")
                }
            }
            if file.hasMetadata("card") {
                card = try file.metadata("card", as: ModelCard.self)
            }
        }
        self.init(model, items: items, titles: titles, clicks: clicks, card: card)
    }
}

extension FoldinError.Reason {
    /// A run or a checkpoint of a training that has not ended takes the place of a model.
    public static let unfinishedTraining = Self("unfinished-training")
}
