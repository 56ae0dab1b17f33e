import FoldinInteractions
import FoldinKernels
import Foundation

/// A safetensors file of one or more sets of weights, told apart by a prefix of their names, and JSON texts by name.
struct TensorFile {
    let path: String
    let header: SafeTensors.Header
    private let data: Data

    /// Maps a file and checks its header.
    ///
    /// - Throws: `FoldinError` of kind `missingInput`, saying that `expected` is, or `badData`.
    init(contentsOf path: String, expected: String) throws {
        guard let data = try? Data(contentsOf: URL(filePath: path), options: .mappedIfSafe) else {
            throw FoldinError(.missingInput, file: path, found: "no file that can be read", expected: expected)
        }
        try self.init(data, path: path)
    }

    /// The same of `data`, the contents of the file `path`.
    init(_ data: Data, path: String) throws {
        self.path = path
        self.data = data
        header = try SafeTensors.header(of: data, file: path)
    }

    /// The value whose JSON text stands in the metadata.
    func metadata<Value: Decodable>(_ name: String, as type: Value.Type) throws -> Value {
        guard let value = try? JSONDecoder().decode(type, from: Data((header.metadata[name] ?? "").utf8)) else {
            throw FoldinError(
                .badData, file: path, found: "metadata \(name.quoted) that cannot be read", expected: "what foldin wrote")
        }
        return value
    }

    /// Fails unless the file holds each of `tensors` in its shape and nothing beside.
    func check(_ tensors: [SafeTensors.Tensor], of summary: String) throws {
        let known = Set(tensors.map(\.name))
        if let extra = header.entries.keys.filter({ !known.contains($0) }).min() {
            throw FoldinError(.badData, file: path, found: "a tensor \(extra.quoted)", expected: "only those of \(summary)")
        }
        try checkShapes(tensors)
    }

    /// Fails unless the file has each of `tensors` in its type and shape.
    func checkShapes(_ tensors: [SafeTensors.Tensor]) throws {
        for tensor in tensors {
            let found = header.entries[tensor.name]
            guard found?.shape == tensor.shape, found?.dtype == tensor.type.rawValue else {
                let name = tensor.name.quoted
                throw FoldinError(
                    .badData, file: path,
                    found: found.map { "tensor \(name) of shape \($0.shape) and type \($0.dtype)" } ?? "no tensor \(name)",
                    expected: "shape \(tensor.shape) and type \(tensor.type.rawValue)")
            }
        }
    }

    /// The weights of that prefix. All shapes are checked before anything is allocated, and that all numbers are finite.
    func parameters(_ architecture: Architecture, prefix: String) throws -> Parameters {
        try checkShapes(Parameters.tensors(of: architecture, prefix: prefix))
        let parameters = Parameters(zerosFor: architecture)
        for (index, (layer, linear)) in zip(architecture.layers, parameters.linears).enumerated() {
            copy(prefix + layer.name + ".bias", to: linear.bias)
            if index == 0 {
                let stored = FloatBuffer(count: linear.weight.count)
                copy(prefix + layer.name + ".weight", to: stored)
                transpose(stored.pointer, rows: layer.outputs, columns: layer.inputs, into: linear.weight.pointer)
            } else {
                copy(prefix + layer.name + ".weight", to: linear.weight)
            }
        }
        guard parameters.areFinite else {
            throw FoldinError(.badData, file: path, found: "a weight that is NaN or infinite", expected: "finite weights")
        }
        return parameters
    }

    /// Copies the numbers of a tensor, whose shape has been checked, to where there is room for them.
    ///
    /// - Throws: `FoldinError` of kind `badData` for numbers that are not finite.
    func read(_ name: String, into start: UnsafeMutableRawPointer?) throws {
        guard let entry = header.entries[name], let start else { return }
        let stretch = header.dataStart + entry.dataOffsets[0]..<header.dataStart + entry.dataOffsets[1]
        data.withUnsafeBytes { bytes in
            UnsafeMutableRawBufferPointer(start: start, count: stretch.count)
                .copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[stretch]))
        }
        guard entry.dtype == SafeTensors.ElementType.float32.rawValue else { return }
        let numbers = start.assumingMemoryBound(to: Float.self)
        // x - x is 0 for a finite x and NaN otherwise; one sum stands for all.
        var sum: Float = 0
        for i in 0..<stretch.count / 4 { sum += numbers[i] - numbers[i] }
        guard sum == 0 else {
            throw FoldinError(.badData, file: path, found: "a weight that is NaN or infinite", expected: "finite weights")
        }
    }

    private func copy(_ name: String, to buffer: FloatBuffer) {
        guard let entry = header.entries[name] else { return }
        let stretch = header.dataStart + entry.dataOffsets[0]..<header.dataStart + entry.dataOffsets[1]
        data.withUnsafeBytes { bytes in
            UnsafeMutableRawBufferPointer(start: buffer.pointer, count: 4 * buffer.count)
                .copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[stretch]))
        }
    }

    /// Writes sets of weights, each with the prefix of its names, whole or not at all.
    ///
    /// - Throws: `FoldinError` of kind `cannotCreate` or `writeFailed`.
    static func write(
        _ sets: [(prefix: String, parameters: Parameters)], metadata: [String: String], to path: String
    ) throws {
        let tensors = sets.flatMap { Parameters.tensors(of: $0.parameters.architecture, prefix: $0.prefix) }
        let preamble = try SafeTensors.preamble(tensors: tensors, metadata: metadata)
        try AtomicFile.write(to: path) { sink in
            try preamble.withUnsafeBytes { try sink.write($0) }
            for (_, parameters) in sets { try parameters.write(to: sink) }
        }
    }
}

extension Parameters {
    /// The tensors of a file in their order: PyTorch's names and shapes behind a prefix.
    static func tensors(of architecture: Architecture, prefix: String) -> [SafeTensors.Tensor] {
        architecture.layers.flatMap { layer in
            [
                SafeTensors.Tensor(name: prefix + layer.name + ".weight", shape: [layer.outputs, layer.inputs]),
                SafeTensors.Tensor(name: prefix + layer.name + ".bias", shape: [layer.outputs]),
            ]
        }
    }

    /// The numbers in the order of `tensors(of:prefix:)`.
    func write(to sink: borrowing AtomicFile.Sink) throws {
        for (index, (layer, linear)) in zip(architecture.layers, linears).enumerated() {
            if index == 0 {
                try writeTransposed(linear.weight, rows: layer.inputs, columns: layer.outputs, to: sink)
            } else {
                try sink.write(UnsafeRawBufferPointer(start: linear.weight.pointer, count: 4 * linear.weight.count))
            }
            try sink.write(UnsafeRawBufferPointer(start: linear.bias.pointer, count: 4 * linear.bias.count))
        }
    }
}

extension AtomicFile.Sink {
    /// Appends all numbers of a buffer.
    func write(_ buffer: FloatBuffer) throws {
        try withExtendedLifetime(buffer) {
            try write(UnsafeRawBufferPointer(start: buffer.pointer, count: 4 * buffer.count))
        }
    }
}

/// JSON text with its keys in order.
func json(_ value: some Encodable) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(value), as: UTF8.self)
}

/// into [columns, rows] = the transpose of matrix [rows, columns], in blocks that fit in the cache.
private func transpose(
    _ matrix: UnsafePointer<Float>, rows: Int, columns: Int, into result: UnsafeMutablePointer<Float>
) {
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
private func writeTransposed(
    _ matrix: FloatBuffer, rows: Int, columns: Int, to sink: borrowing AtomicFile.Sink
) throws {
    let width = 32
    let part = FloatBuffer(count: width * rows)
    for start in stride(from: 0, to: columns, by: width) {
        let end = min(columns, start + width)
        for row in 0..<rows {
            for column in start..<end {
                part.pointer[(column - start) * rows + row] = matrix.pointer[row * columns + column]
            }
        }
        try sink.write(UnsafeRawBufferPointer(start: part.pointer, count: 4 * (end - start) * rows))
    }
}
