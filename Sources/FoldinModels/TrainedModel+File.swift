import FoldinInteractions
import FoldinKernels
import Foundation

// The model file: safetensors with the article's names and PyTorch's [outputs, inputs] layout; what is not a tensor is JSON
// text in `__metadata__`.
extension TrainedModel {
    /// Writes the model to one file, whole or not at all.
    ///
    /// - Throws: `FoldinError` of kind `cannotCreate` or `writeFailed`.
    public func save(to path: String) throws {
        let layers = architecture.layers
        var metadata = ["format": "foldin 1", "architecture": try json(architecture), "card": try json(card)]
        if let items { metadata["items"] = try json(items.ids) }
        if !titles.isEmpty { metadata["titles"] = try json(titles) }
        let tensors = layers.flatMap { layer in
            [(layer.name + ".bias", [layer.outputs]), (layer.name + ".weight", [layer.outputs, layer.inputs])]
        }
        let preamble = try SafeTensors.preamble(tensors: tensors.map { (name: $0.0, shape: $0.1) }, metadata: metadata)
        try AtomicFile.write(to: path) { sink in
            try preamble.withUnsafeBytes { try sink.write($0) }
            for (index, linear) in parameters.linears.enumerated() {
                try sink.write(UnsafeRawBufferPointer(start: linear.bias.pointer, count: 4 * linear.bias.count))
                if index == 0 {
                    try writeTransposed(linear.weight, rows: layers[0].inputs, columns: layers[0].outputs, to: sink)
                } else {
                    try sink.write(UnsafeRawBufferPointer(start: linear.weight.pointer, count: 4 * linear.weight.count))
                }
            }
        }
    }

    /// Reads a model file, or a bare PyTorch `state_dict` with the article's names.
    ///
    /// A `state_dict` says neither where tanh goes nor which items it is for: `activations` tells the first (`.paper` when
    /// nil), and `items` is nil. Everything is checked before it is used: sizes, shapes, that all numbers are finite.
    ///
    /// - Throws: `FoldinError` of kind `missingInput` or `badData`.
    public init(contentsOf path: String, activations: Architecture.Activations? = nil) throws {
        let data: Data
        do {
            data = try Data(contentsOf: URL(filePath: path), options: .mappedIfSafe)
        } catch {
            throw FoldinError(
                .missingInput, file: path, found: "no file that can be read", expected: "a model file (.safetensors)")
        }
        try self.init(data, file: path, activations: activations)
    }

    /// The model in `data`, the contents of `path`.
    init(_ data: Data, file path: String, activations: Architecture.Activations?) throws {
        let header = try SafeTensors.header(of: data, file: path)
        let isOwn = header.metadata["architecture"] != nil
        var architecture =
            isOwn
            ? try TrainedModel.metadata("architecture", of: header, file: path, as: Architecture.self)
            : try Architecture(readOff: header.entries, file: path)
        if let activations { architecture.activations = activations }
        if let problem = architecture.problem {
            throw FoldinError(.badData, file: path, found: problem, expected: "an architecture that can be built")
        }
        let parameters = try TrainedModel.parameters(architecture, header: header, data: data, file: path)
        guard parameters.areFinite else {
            throw FoldinError(.badData, file: path, found: "a weight that is NaN or infinite", expected: "finite weights")
        }
        var items: Vocabulary?
        var titles: [String?] = []
        var card = ModelCard()
        if isOwn {
            if header.metadata["items"] != nil {
                let ids = try TrainedModel.metadata("items", of: header, file: path, as: [String].self)
                guard ids.count == architecture.items else {
                    throw FoldinError(
                        .badData, file: path, found: "\(ids.count) item ids", expected: "\(architecture.items), one an item")
                }
                if let (place, earlier) = Vocabulary.firstRepeat(in: ids) {
                    throw FoldinError(
                        .badData, file: path, found: "the id \(ids[place].quoted) for items \(earlier) and \(place)",
                        expected: "a different id for each item")
                }
                items = Vocabulary(ids)
            }
            if header.metadata["titles"] != nil {
                titles = try TrainedModel.metadata("titles", of: header, file: path, as: [String?].self)
                guard titles.count == architecture.items else {
                    throw FoldinError(
                        .badData, file: path, found: "\(titles.count) titles", expected: "\(architecture.items), one an item")
                }
            }
            if header.metadata["card"] != nil {
                card = try TrainedModel.metadata("card", of: header, file: path, as: ModelCard.self)
            }
        }
        self.init(parameters: parameters, items: items, titles: titles, card: card)
    }

    private static func metadata<Value: Decodable>(
        _ name: String, of header: SafeTensors.Header, file: String, as type: Value.Type
    ) throws -> Value {
        guard let value = try? JSONDecoder().decode(type, from: Data((header.metadata[name] ?? "").utf8)) else {
            throw FoldinError(
                .badData, file: file, found: "metadata \(name.quoted) that cannot be read", expected: "what foldin wrote")
        }
        return value
    }

    private static func parameters(
        _ architecture: Architecture, header: SafeTensors.Header, data: Data, file: String
    ) throws -> Parameters {
        let layers = architecture.layers
        let expected = Set(layers.flatMap { [$0.name + ".weight", $0.name + ".bias"] })
        if let extra = header.entries.keys.filter({ !expected.contains($0) }).min() {
            throw FoldinError(
                .badData, file: file, found: "a tensor \(extra.quoted)", expected: "only those of \(architecture.summary)")
        }
        // All shapes first: nothing is allocated for a file that does not hold what it says.
        for layer in layers {
            for (name, shape) in [
                (layer.name + ".weight", [layer.outputs, layer.inputs]), (layer.name + ".bias", [layer.outputs]),
            ] {
                let found = header.entries[name]?.shape
                guard found == shape else {
                    throw FoldinError(
                        .badData, file: file,
                        found: found.map { "tensor \(name.quoted) of shape \($0)" } ?? "no tensor \(name.quoted)",
                        expected: "shape \(shape)")
                }
            }
        }
        let parameters = Parameters(zerosFor: architecture)
        data.withUnsafeBytes { bytes in
            func copy(_ name: String, to buffer: FloatBuffer) {
                guard let entry = header.entries[name] else { return }
                let start = header.dataStart + entry.dataOffsets[0]
                let end = header.dataStart + entry.dataOffsets[1]
                UnsafeMutableRawBufferPointer(start: buffer.pointer, count: 4 * buffer.count)
                    .copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[start..<end]))
            }
            for (index, (layer, linear)) in zip(layers, parameters.linears).enumerated() {
                copy(layer.name + ".bias", to: linear.bias)
                if index == 0 {
                    let stored = FloatBuffer(count: linear.weight.count)
                    copy(layer.name + ".weight", to: stored)
                    transpose(stored.pointer, rows: layer.outputs, columns: layer.inputs, into: linear.weight.pointer)
                } else {
                    copy(layer.name + ".weight", to: linear.weight)
                }
            }
        }
        return parameters
    }
}

extension Architecture {
    /// The architecture that the tensors of a bare `state_dict` have, with tanh as the paper places it.
    init(readOff entries: [String: SafeTensors.Entry], file: String) throws {
        func shapes(_ prefix: String) throws -> [[Int]] {
            let shapes = (0..<entries.count).prefix { entries["\(prefix)\($0).weight"] != nil }
                .compactMap { entries["\(prefix)\($0).weight"]?.shape }
            guard !shapes.isEmpty, shapes.allSatisfy({ $0.count == 2 }) else {
                throw FoldinError(
                    .badData, file: file, found: "no matrix \("\(prefix)0.weight".quoted)",
                    expected: "a file of foldin's, or a state_dict with the names encode.q_layers.linear_0.weight and so on")
            }
            return shapes
        }
        let encoder = try shapes("encode.q_layers.linear_")
        let decoder = try shapes("decode.p_layers.linear_")
        let latent = decoder[0][1]
        let moments = encoder[encoder.count - 1][0]
        guard moments == latent || (latent > 0 && moments / 2 == latent && moments % 2 == 0) else {
            throw FoldinError(
                .badData, file: file, found: "an encoder of \(moments) outputs before a decoder of \(latent) inputs",
                expected: "as many (Mult-DAE) or twice as many (Mult-VAE)")
        }
        self.init(
            family: moments == latent ? .multDAE : .multVAE, items: encoder[0][1], encoder: encoder.dropLast().map { $0[0] },
            latent: latent, decoder: decoder.dropLast().map { $0[0] }, encoderDropout: encoder.map { _ in 0 },
            decoderDropout: decoder.map { _ in 0 })
    }
}

private func json(_ value: some Encodable) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(value), as: UTF8.self)
}

/// into [columns, rows] = the transpose of matrix [rows, columns], in blocks that fit in the cache.
private func transpose(_ matrix: UnsafePointer<Float>, rows: Int, columns: Int, into result: UnsafeMutablePointer<Float>) {
    let block = 32
    for rowStart in stride(from: 0, to: rows, by: block) {
        for columnStart in stride(from: 0, to: columns, by: block) {
            for row in rowStart..<min(rows, rowStart + block) {
                for column in columnStart..<min(columns, columnStart + block) {
                    result[column * rows + row] = matrix[row * columns + column]
                }
            }
        }
    }
}

/// Writes the transpose of matrix [rows, columns], a few of its columns at a time.
private func writeTransposed(_ matrix: FloatBuffer, rows: Int, columns: Int, to sink: borrowing AtomicFile.Sink) throws {
    let width = 32
    let part = FloatBuffer(count: width * rows)
    for start in stride(from: 0, to: columns, by: width) {
        let end = min(columns, start + width)
        for row in 0..<rows {
            for column in start..<end { part.pointer[(column - start) * rows + row] = matrix.pointer[row * columns + column] }
        }
        try sink.write(UnsafeRawBufferPointer(start: part.pointer, count: 4 * (end - start) * rows))
    }
}
