import FoldinInteractions
import FoldinKernels
import Foundation

// The model file: safetensors, an autoencoder's with the article's names and PyTorch's [outputs, inputs] layout; what is not a
// tensor is JSON text in `__metadata__`.
extension TrainedModel {
    /// Writes the model to one file, whole or not at all.
    ///
    /// - Throws: `FoldinError` of kind `cannotCreate` or `writeFailed`.
    public func save(to path: String) throws {
        let core = core.stored
        var metadata = ["format": "foldin 1", "architecture": try core.architectureText, "card": try json(card)]
        if let items { metadata["items"] = try json(items.ids) }
        if !titles.isEmpty { metadata["titles"] = try json(titles) }
        if !clicks.isEmpty { metadata["clicks"] = try json(clicks) }
        let preamble = try SafeTensors.preamble(tensors: core.storedTensors, metadata: metadata)
        try AtomicFile.write(to: path) { sink in
            try preamble.withUnsafeBytes { try sink.write($0) }
            try core.write(to: sink)
        }
    }

    /// Reads a model file of any kind, or a bare PyTorch `state_dict` with the article's names.
    ///
    /// A `state_dict` says neither where tanh goes nor which items it is for: `activations` tells the first (`.paper` when
    /// nil; then `assumedActivations` says so), and `items` is nil. Everything is checked before it is used: sizes, shapes, that all
    /// numbers are finite.
    ///
    /// - Parameters:
    ///   - path: the file, or a run directory with a `model.safetensors`.
    ///   - tensorNames: the article's name of each tensor of a `state_dict` by the name it has there; an empty one leaves a tensor out.
    /// - Throws: `FoldinError` of kind `missingInput` or `badData`, which names what else the file is where that is known.
    public init(
        contentsOf path: String, activations: Architecture.Activations? = nil, tensorNames: [String: String] = [:]
    ) throws {
        let path = TrainedModel.path(of: path)
        if let refusal = TrainedModel.refusal(ofDirectory: path) { throw refusal }
        let file = try TensorFile(contentsOf: path, expected: "a model file (.safetensors) or a run directory")
        guard tensorNames.isEmpty || file.header.metadata["architecture"] == nil else {
            throw FoldinError(
                .usage, file: path, found: "other names for the tensors of a model of foldin's",
                expected: "them for a state_dict only")
        }
        try self.init(tensorNames.isEmpty ? file : file.renamed(tensorNames), activations: activations)
    }

    /// The model in a file that is open.
    init(_ file: TensorFile, activations: Architecture.Activations? = nil) throws {
        if file.header.metadata["format"]?.hasPrefix("foldin checkpoint") == true {
            throw FoldinError(
                .badData, file: file.path, found: "the checkpoint of an unfinished training",
                expected: "a model file; foldin train --resume goes on with the training")
        }
        let header = file.header
        let core = try ModelCore(file, activations: activations)
        let itemCount = core.stored.itemCount
        var items: Vocabulary?
        var titles: [String?] = []
        var clicks: [Int] = []
        var card = ModelCard()
        if header.metadata["architecture"] != nil {
            if header.metadata["items"] != nil {
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
            if header.metadata["titles"] != nil {
                titles = try file.metadata("titles", as: [String?].self)
                guard titles.count == itemCount else {
                    throw FoldinError(
                        .badData, file: file.path, found: "\(titles.count) titles", expected: "\(itemCount), one an item"
                    )
                }
            }
            if header.metadata["clicks"] != nil {
                clicks = try file.metadata("clicks", as: [Int].self)
                guard clicks.count == itemCount, clicks.allSatisfy({ $0 >= 0 }) else {
                    throw FoldinError(
                        .badData, file: file.path, found: "\(clicks.count) counts of clicks, or one below 0",
                        expected: "\(itemCount), one an item")
                }
            }
            if header.metadata["card"] != nil {
                card = try file.metadata("card", as: ModelCard.self)
            }
        }
        self.init(core: core, items: items, titles: titles, clicks: clicks, card: card)
        if header.metadata["architecture"] == nil, activations == nil, case .autoencoder(let parameters) = core {
            assumedActivations = parameters.architecture.activations
        }
    }
}

extension Architecture {
    /// What a `state_dict` must have.
    static let expectedNames =
        "a file of foldin's, or a state_dict with the names encode.q_layers.linear_0.weight and .bias, …, decode.p_layers.linear_0.weight "
        + "and .bias, …; foldin evaluate --tensor-names FILE tells other names"

    /// The architecture that the tensors of a bare `state_dict` have, with tanh as the paper places it.
    init(readOff file: TensorFile) throws {
        let entries = file.header.entries
        func shapes(_ prefix: String) throws -> [[Int]] {
            let shapes = (0..<entries.count).prefix { entries["\(prefix)\($0).weight"] != nil }
                .compactMap { entries["\(prefix)\($0).weight"]?.shape }
            guard !shapes.isEmpty, shapes.allSatisfy({ $0.count == 2 }) else {
                throw FoldinError(
                    .badData, file: file.path, found: "no matrix \("\(prefix)0.weight".quoted) among \(file.tensorNames)",
                    expected: Architecture.expectedNames)
            }
            return shapes
        }
        let encoder = try shapes("encode.q_layers.linear_")
        let decoder = try shapes("decode.p_layers.linear_")
        let latent = decoder[0][1]
        let moments = encoder[encoder.count - 1][0]
        guard moments == latent || (latent > 0 && moments / 2 == latent && moments % 2 == 0) else {
            throw FoldinError(
                .badData, file: file.path, found: "an encoder of \(moments) outputs before a decoder of \(latent) inputs",
                expected: "as many (Mult-DAE) or twice as many (Mult-VAE)")
        }
        var family = moments == latent ? Family.multDAE : .multVAE
        if entries[Parameters.normName(0) + ".weight"] != nil { family = .recVAE }
        self.init(
            family: family, items: encoder[0][1], encoder: encoder.dropLast().map { $0[0] }, latent: latent,
            decoder: decoder.dropLast().map { $0[0] }, encoderDropout: encoder.map { _ in 0 },
            decoderDropout: decoder.map { _ in 0 })
    }
}
