import FoldinInteractions
import FoldinKernels
import Foundation

/// A safetensors file of one or more sets of weights, told apart by a prefix of their names, and JSON texts by name.
struct TensorFile {
    let path: String
    private(set) var header: SafeTensors.Header
    private let data: Data
    /// The file behind `data`, if any.
    private let mapped: MappedFile?

    /// Maps a file and checks its header. Of a pipe no more is read than the header says, and nothing behind a header that cannot be.
    ///
    /// - Throws: `FoldinError` of kind `missingInput`, saying that `expected` is, or `badData`.
    init(contentsOf path: String, expected: String) throws {
        let mapped = try MappedFile(contentsOf: path, expected: expected) { try TensorFile.needed(of: $0, path: path) }
        let data = mapped.withBytes { bytes in
            bytes.baseAddress.map { start in
                // The closure holds on to the file for as long as the bytes are used.
                Data(
                    bytesNoCopy: UnsafeMutableRawPointer(mutating: start), count: bytes.count,
                    deallocator: .custom { _, _ in withExtendedLifetime(mapped) {} })
            } ?? Data()
        }
        try self.init(data, path: path, mapped: mapped)
    }

    /// The same of `data`, the contents of the file `path`.
    init(_ data: Data, path: String, mapped: MappedFile? = nil) throws {
        self.init(data, path: path, header: try TensorFile.header(of: data, size: data.count, path: path), mapped: mapped)
    }

    private init(_ data: Data, path: String, header: SafeTensors.Header, mapped: MappedFile? = nil) {
        self.path = path
        self.data = data
        self.mapped = mapped
        self.header = header
    }

    /// Reads a file into memory, at once and whole, if its header says that it may be what is looked for: of any other file little more than
    /// the header is read.
    ///
    /// - Returns: The file and its bytes.
    /// - Throws: `FoldinError` of kind `missingInput`, saying that `expected` is, also for what is no regular file, or `badData`.
    static func reading(_ path: String, expected: String) throws -> (file: TensorFile, data: Data) {
        func missing(_ found: String) -> FoldinError {
            FoldinError(.missingInput, file: path, found: found, expected: expected)
        }
        // A FIFO is refused, not waited for.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
        guard descriptor >= 0 else { throw missing("no file that can be read") }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw missing("no file that can be read") }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw missing(status.st_mode & S_IFMT == S_IFDIR ? "a directory" : "a pipe or a device")
        }
        let size = Int(status.st_size)
        func read(_ stretch: Range<Int>, into bytes: UnsafeMutableRawPointer) throws {
            var done = stretch.lowerBound
            while done < stretch.upperBound {
                let count = pread(descriptor, bytes + done, min(stretch.upperBound - done, 1 << 30), off_t(done))
                if count < 0, errno == EINTR { continue }
                guard count >= 0 else { throw missing("a file that cannot be read (\(FoldinError.systemReason))") }
                guard count > 0 else {
                    throw FoldinError(
                        .badData, file: path, found: "a file that became shorter while it was read", expected: expected)
                }
                done += count
            }
        }
        func beginning(_ count: Int) throws -> Data {
            var data = Data(count: min(count, size))
            let count = data.count
            try data.withUnsafeMutableBytes { bytes in
                if let start = bytes.baseAddress { try read(0..<count, into: start) }
            }
            return data
        }
        let first = try beginning(512)
        let end = try orForeign(first, path) { try SafeTensors.headerEnd(of: first, size: size, file: path) }
        let header = try header(of: try beginning(end), size: size, path: path)
        // Pages that were not touched yet cost nothing.
        guard let bytes = malloc(max(1, size)) else { throw missing("a file of \(size) bytes, more than there is memory for") }
        let data = Data(bytesNoCopy: bytes, count: size, deallocator: .free)
        try read(0..<size, into: bytes)
        return (TensorFile(data, path: path, header: header), data)
    }

    private static func header(of data: Data, size: Int?, path: String) throws -> SafeTensors.Header {
        try orForeign(data, path) { try SafeTensors.header(of: data, size: size, file: path) }
    }

    /// What `body` throws, or what else `data` begins if that is known.
    private static func orForeign<Value>(_ data: Data, _ path: String, _ body: () throws -> Value) throws -> Value {
        do {
            return try body()
        } catch {
            guard let foreign = ForeignFile(data, path: path) else { throw error }
            throw FoldinError(.badData, file: path, found: foreign.name, expected: foreign.expected)
        }
    }

    /// How many bytes a file has in all that begins with `bytes`, as far as these say.
    private static func needed(of bytes: UnsafeRawBufferPointer, path: String) throws -> Int {
        guard bytes.count >= 512 else { return 512 }
        let data = Data(bytes)
        let end = try orForeign(data, path) { try SafeTensors.headerEnd(of: data, size: nil, file: path) }
        return bytes.count < end ? end : max(512, try header(of: data, size: nil, path: path).dataEnd)
    }

    /// The names of all tensors in order, for people: `"a", "b" and 3 more`.
    var tensorNames: String {
        let names = header.entries.keys.sorted()
        if names.isEmpty { return "no tensors" }
        return names.prefix(24).map(\.quoted).joined(separator: ", ") + (names.count > 24 ? " and \(names.count - 24) more" : "")
    }

    /// The same file with other names: `names` gives the new name of a tensor by the one it has, an empty one leaves it out. Tensors
    /// that are not named keep theirs.
    ///
    /// - Throws: `FoldinError` of kind `badData` for a name that no tensor has, and for two tensors of the same new name.
    func renamed(_ names: [String: String]) throws -> TensorFile {
        var file = self
        file.header.entries = [:]
        if let unknown = names.keys.filter({ header.entries[$0] == nil }).min() {
            throw FoldinError(
                .badData, file: path, found: "no tensor \(unknown.quoted), which is to be renamed",
                expected: "one of \(tensorNames)")
        }
        for (theirs, entry) in header.entries.sorted(by: { $0.key < $1.key }) {
            let ours = names[theirs] ?? theirs
            if ours.isEmpty { continue }
            guard file.header.entries.updateValue(entry, forKey: ours) == nil else {
                throw FoldinError(
                    .badData, file: path, found: "two tensors that are to be \(ours.quoted), one of them \(theirs.quoted)",
                    expected: "a name for each")
            }
        }
        return file
    }

    /// The tensors whose names begin with `prefix`, without it, as a file of their own with that `architecture`.
    func part(_ prefix: String, architecture: String) -> TensorFile {
        var part = self
        part.header.entries = [:]
        for (name, entry) in header.entries where name.hasPrefix(prefix) {
            part.header.entries[String(name.dropFirst(prefix.count))] = entry
        }
        part.header.metadata = ["architecture": architecture]
        return part
    }

    /// The value whose JSON text stands in the metadata; one that is `SelfChecking` is checked.
    func metadata<Value: Decodable>(_ name: String, as type: Value.Type) throws -> Value {
        guard let value = try? JSONDecoder().decode(type, from: Data((header.metadata[name] ?? "").utf8)) else {
            throw FoldinError(
                .badData, file: path, found: "metadata \(name.quoted) that cannot be read", expected: "what foldin wrote")
        }
        if let (found, expected) = (value as? any SelfChecking)?.contradiction {
            throw FoldinError(.badData, file: path, found: found, expected: expected)
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
                    expected: "shape \(tensor.shape) and type \(tensor.type.rawValue)"
                        + (found.map { $0.dtype != "F32" && tensor.type == .float32 } == true ? " (in PyTorch: .float())" : ""))
            }
        }
    }

    /// The weights of that prefix. All shapes are checked before anything is allocated, and that all numbers are finite.
    func parameters(_ architecture: Architecture, prefix: String) throws -> Parameters {
        try checkShapes(Parameters.tensors(of: architecture, prefix: prefix))
        let parameters = Parameters(zerosFor: architecture)
        try read(prefix: prefix, into: parameters)
        return parameters
    }

    /// Reads the weights of that prefix, whose shapes have been checked.
    func read(prefix: String, into parameters: Parameters) throws {
        for (index, (layer, linear)) in zip(parameters.architecture.layers, parameters.linears).enumerated() {
            try read(prefix + layer.name + ".bias") { $0.copy(to: linear.bias, at: $1) }
            if index == 0, !parameters.areRowMoments {
                try read(prefix + layer.name + ".weight", rows: layer.outputs) { rows, start in
                    transpose(rows, columns: layer.inputs, into: linear.weight.pointer + start, stride: layer.outputs)
                }
            } else {
                try read(prefix + layer.name + ".weight") { $0.copy(to: linear.weight, at: $1) }
            }
        }
        for (index, norm) in parameters.norms.enumerated() {
            try read(prefix + Parameters.normName(index) + ".weight") { $0.copy(to: norm.gain, at: $1) }
            try read(prefix + Parameters.normName(index) + ".bias") { $0.copy(to: norm.shift, at: $1) }
        }
    }

    /// Copies the numbers of a tensor, whose shape has been checked, to where there is room for them.
    ///
    /// - Throws: `FoldinError` of kind `badData` for numbers that are not finite.
    func read(_ name: String, into start: UnsafeMutableRawPointer?) throws {
        guard let start else { return }
        try read(name) { part, offset in
            UnsafeMutableRawBufferPointer(start: start + offset, count: part.count).copyMemory(from: part)
        }
    }

    /// Runs `body(bytes, offset)` over the numbers of a tensor, some megabytes at a time, and checks that they are finite.
    func read(_ name: String, _ body: (_ part: UnsafeRawBufferPointer, _ offset: Int) throws -> Void) throws {
        guard let entry = header.entries[name] else { return }
        let stretch = header.dataStart + entry.dataOffsets[0]..<header.dataStart + entry.dataOffsets[1]
        let room = FloatBuffer(count: min(1 << 22, stretch.count / 4))
        for start in stride(from: stretch.lowerBound, to: stretch.upperBound, by: 1 << 24) {
            let part = try copy(start..<min(stretch.upperBound, start + 1 << 24), of: entry, to: room)
            try body(part, start - stretch.lowerBound)
        }
    }

    /// Runs `body(rows, first)` over a matrix of `rows` rows, 32 rows at a time.
    private func read(
        _ name: String, rows: Int, _ body: (_ rows: UnsafeRawBufferPointer, _ first: Int) throws -> Void
    ) throws {
        guard let entry = header.entries[name], rows > 0 else { return }
        let start = header.dataStart + entry.dataOffsets[0]
        let width = (entry.dataOffsets[1] - entry.dataOffsets[0]) / rows
        let room = FloatBuffer(count: min(32, rows) * width / 4)
        for first in stride(from: 0, to: rows, by: 32) {
            try body(copy(start + first * width..<start + min(rows, first + 32) * width, of: entry, to: room), first)
        }
    }

    /// Copies a stretch of a tensor, which may begin anywhere, checks it, and lets go of the pages it was mapped to.
    private func copy(_ stretch: Range<Int>, of entry: SafeTensors.Entry, to room: FloatBuffer) throws -> UnsafeRawBufferPointer {
        data.withUnsafeBytes { bytes in
            let part = UnsafeRawBufferPointer(rebasing: bytes[stretch])
            UnsafeMutableRawBufferPointer(start: room.pointer, count: part.count).copyMemory(from: part)
        }
        mapped?.letGo(of: stretch)
        guard entry.dtype != SafeTensors.ElementType.float32.rawValue || FloatBuffer.areFinite(room.pointer, stretch.count / 4)
        else {
            throw FoldinError(.badData, file: path, found: "a weight that is NaN or infinite", expected: "finite weights")
        }
        return UnsafeRawBufferPointer(start: room.pointer, count: stretch.count)
    }

    /// Writes sets of weights, each with the prefix of its names, perhaps the best weights, and more tensors, whole or not at all.
    ///
    /// - Throws: `FoldinError` of kind `cannotCreate` or `writeFailed`.
    static func write(
        _ sets: [(prefix: String, parameters: Parameters)], best: KeptWeights? = nil,
        more: [(tensor: SafeTensors.Tensor, numbers: FloatBuffer)] = [], metadata: [String: String], to path: String
    ) throws {
        var tensors = sets.flatMap { set in
            Parameters.tensors(
                of: set.parameters.architecture, prefix: set.prefix, areRowMoments: set.parameters.areRowMoments)
        }
        if best != nil { tensors += sets.prefix(1).map { KeptWeights.tensor(of: $0.parameters.architecture) } }
        tensors += more.map(\.tensor)
        let preamble = try SafeTensors.preamble(tensors: tensors, metadata: metadata)
        try AtomicFile.write(to: path) { sink in
            try preamble.withUnsafeBytes { try sink.write($0) }
            for (_, parameters) in sets { try parameters.write(to: sink) }
            try best?.write(to: sink)
            for (_, numbers) in more { try sink.write(numbers) }
        }
    }
}

extension Parameters {
    /// The tensors of a file in their order: PyTorch's names behind a prefix, and PyTorch's shapes but for row moments.
    static func tensors(
        of architecture: Architecture, prefix: String, areRowMoments: Bool = false
    ) -> [SafeTensors.Tensor] {
        let layers = architecture.layers
        return layers.enumerated().flatMap { index, layer in
            let isOfRows = areRowMoments && (index == 0 || index == layers.count - 1)
            let shape = isOfRows ? [2, architecture.items] : [layer.outputs, layer.inputs]
            return [
                SafeTensors.Tensor(name: prefix + layer.name + ".weight", shape: shape),
                SafeTensors.Tensor(name: prefix + layer.name + ".bias", shape: [layer.outputs]),
            ]
        }
            + architecture.normWidths.enumerated().flatMap { index, width in
                ["weight", "bias"].map { SafeTensors.Tensor(name: "\(prefix)\(normName(index)).\($0)", shape: [width]) }
            }
    }

    /// The name of a layer norm, without `.weight` (its gain) or `.bias` (its shift).
    static func normName(_ index: Int) -> String { "encode.q_layers.norm_\(index)" }

    /// The numbers in the order of `tensors(of:prefix:)`.
    func write(to sink: borrowing AtomicFile.Sink) throws {
        for (index, (layer, linear)) in zip(architecture.layers, linears).enumerated() {
            if index == 0, !areRowMoments {
                try writeTransposed(linear.weight, rows: layer.inputs, columns: layer.outputs, to: sink)
            } else {
                try sink.write(UnsafeRawBufferPointer(start: linear.weight.pointer, count: 4 * linear.weight.count))
            }
            try sink.write(UnsafeRawBufferPointer(start: linear.bias.pointer, count: 4 * linear.bias.count))
        }
        for norm in norms {
            try sink.write(norm.gain)
            try sink.write(norm.shift)
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

extension UnsafeRawBufferPointer {
    /// Copies all bytes into a buffer from byte `offset` on.
    fileprivate func copy(to buffer: FloatBuffer, at offset: Int) {
        UnsafeMutableRawBufferPointer(start: UnsafeMutableRawPointer(buffer.pointer) + offset, count: count).copyMemory(
            from: self)
    }
}

/// result [column, stride], from where it points on, = the transpose of matrix [rows, columns], a few rows.
private func transpose(
    _ matrix: UnsafeRawBufferPointer, columns: Int, into result: UnsafeMutablePointer<Float>, stride: Int
) {
    let matrix = matrix.assumingMemoryBound(to: Float.self)
    let rows = columns > 0 ? matrix.count / columns : 0
    for column in 0..<columns {
        for row in 0..<rows { result[column * stride + row] = matrix[row * columns + column] }
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
