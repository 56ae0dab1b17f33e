import FoldinInteractions
import FoldinKernels
import FoldinSupport
import Foundation

/// An open safetensors file: tensors by name, and JSON texts by name. Nothing in it is trusted.
public struct ModelFile {
    /// The file's name in messages.
    public let path: String
    private(set) var header: SafeTensors.Header
    /// Where tanh goes, for a `state_dict`, which does not say; nil if the caller does not say either.
    var activations: Architecture.Activations?
    private let data: Data
    /// The file behind `data`, if any.
    private let mapped: MappedFile?

    /// Maps a file and checks its header. Of a pipe no more is read than the header says, and nothing behind a header that cannot be.
    ///
    /// - Throws: `FoldinError` of kind `missingInput`, saying that `expected` is, or `badData`.
    package init(contentsOf path: String, expected: String) throws {
        let mapped = try MappedFile(contentsOf: path, expected: expected) { try ModelFile.needed(of: $0, path: path) }
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
    package init(_ data: Data, path: String, mapped: MappedFile? = nil) throws {
        self.init(data, path: path, header: try ModelFile.header(of: data, size: data.count, path: path), mapped: mapped)
    }

    private init(_ data: Data, path: String, header: SafeTensors.Header, mapped: MappedFile? = nil) {
        self.path = path
        self.data = data
        self.mapped = mapped
        self.header = header
    }

    /// Reads a whole file into memory if its header is that of a model; of any other file little more than the header is read.
    ///
    /// - Returns: The file and its bytes.
    /// - Throws: `FoldinError` of kind `missingInput`, saying that `expected` is, also for anything that is not a regular file, or `badData`.
    static func reading(_ path: String, expected: String) throws -> (file: ModelFile, data: Data) {
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
        return (ModelFile(data, path: path, header: header), data)
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

    /// Whether it has tensors but no description of a model, as a bare PyTorch `state_dict`.
    var isStateDict: Bool { header.metadata["architecture"] == nil }

    /// Whether there is a text of this name.
    package func hasMetadata(_ name: String) -> Bool { header.metadata[name] != nil }

    /// All texts by name.
    package var texts: [String: String] { header.metadata }

    /// The text of this name as it is; nil if there is none.
    package func text(_ name: String) -> String? { header.metadata[name] }

    /// Whether there is a tensor of this name.
    public func hasTensor(_ name: String) -> Bool { header.entries[name] != nil }

    /// The shape of the tensor of this name; nil if there is none.
    public func shape(of name: String) -> [Int]? { header.entries[name]?.shape }

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
    func renamed(_ names: [String: String]) throws -> ModelFile {
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
    func part(_ prefix: String, architecture: String) -> ModelFile {
        var part = self
        part.header.entries = [:]
        for (name, entry) in header.entries where name.hasPrefix(prefix) {
            part.header.entries[String(name.dropFirst(prefix.count))] = entry
        }
        part.header.metadata = ["architecture": architecture]
        return part
    }

    /// The value whose JSON text stands in the metadata; one that is `SelfChecking` is checked.
    ///
    /// - Throws: `FoldinError` of kind `badData` for a text that is missing or of another form.
    public func metadata<Value: Decodable>(_ name: String, as type: Value.Type) throws -> Value {
        guard let value = try? JSONDecoder().decode(type, from: Data((header.metadata[name] ?? "").utf8)) else {
            throw FoldinError(
                .badData, file: path, found: "metadata \(name.quoted) that cannot be read", expected: "what foldin wrote")
        }
        if let (found, expected) = (value as? any SelfChecking)?.contradiction {
            throw FoldinError(.badData, file: path, found: found, expected: expected)
        }
        return value
    }

    /// Fails unless the file has each of `tensors` in its type and shape, and no other; `summary` names the model in messages.
    ///
    /// - Throws: `FoldinError` of kind `badData`.
    public func check(_ tensors: [TensorDescription], of summary: String) throws {
        let known = Set(tensors.map(\.name))
        if let extra = header.entries.keys.filter({ !known.contains($0) }).min() {
            throw FoldinError(.badData, file: path, found: "a tensor \(extra.quoted)", expected: "only those of \(summary)")
        }
        try checkShapes(tensors)
    }

    /// Fails unless the file has each of `tensors` in its type and shape.
    ///
    /// - Throws: `FoldinError` of kind `badData`.
    public func checkShapes(_ tensors: [TensorDescription]) throws {
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

    /// The floats of a tensor of that name and shape, row-major.
    ///
    /// - Throws: `FoldinError` of kind `badData` for a tensor that is missing or of another type or shape, and for numbers that are
    ///   not finite.
    public func floats(_ name: String, shape: [Int]) throws -> FloatBuffer {
        try checkShapes([TensorDescription(name: name, shape: shape)])
        let values = FloatBuffer(count: shape.reduce(1, *))
        try read(name, into: values.pointer)
        return values
    }

    /// The whole numbers of a tensor of that name and shape, row-major.
    ///
    /// - Throws: `FoldinError` of kind `badData` for a tensor that is missing or of another type or shape.
    public func integers(_ name: String, shape: [Int]) throws -> [Int32] {
        try checkShapes([TensorDescription(name: name, shape: shape, type: .int32)])
        var values = [Int32](repeating: 0, count: shape.reduce(1, *))
        try values.withUnsafeMutableBytes { try read(name, into: $0.baseAddress) }
        return values
    }

    /// Copies the numbers of a tensor, whose shape has been checked, to memory that is large enough.
    ///
    /// - Throws: `FoldinError` of kind `badData` for numbers that are not finite.
    package func read(_ name: String, into start: UnsafeMutableRawPointer?) throws {
        guard let start else { return }
        try read(name) { part, offset in
            UnsafeMutableRawBufferPointer(start: start + offset, count: part.count).copyMemory(from: part)
        }
    }

    /// Copies the transpose, [columns, rows], of a tensor [rows, columns], whose shape has been checked.
    ///
    /// - Throws: `FoldinError` of kind `badData` for numbers that are not finite.
    package func readTransposed(_ name: String, rows: Int, columns: Int, into result: UnsafeMutablePointer<Float>) throws {
        try read(name, rows: rows) { part, first in
            let part = part.assumingMemoryBound(to: Float.self)
            let count = columns > 0 ? part.count / columns : 0
            for column in 0..<columns {
                for row in 0..<count { result[column * rows + first + row] = part[row * columns + column] }
            }
        }
    }

    /// Runs `body(bytes, offset)` over the numbers of a tensor, some megabytes at a time, and checks that they are finite.
    package func read(_ name: String, _ body: (_ part: UnsafeRawBufferPointer, _ offset: Int) throws -> Void) throws {
        guard let entry = header.entries[name] else { return }
        let stretch = header.dataStart + entry.dataOffsets[0]..<header.dataStart + entry.dataOffsets[1]
        let scratch = FloatBuffer(count: min(1 << 22, stretch.count / 4))
        for start in stride(from: stretch.lowerBound, to: stretch.upperBound, by: 1 << 24) {
            let part = try copy(start..<min(stretch.upperBound, start + 1 << 24), of: entry, to: scratch)
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
        let scratch = FloatBuffer(count: min(32, rows) * width / 4)
        for first in stride(from: 0, to: rows, by: 32) {
            try body(copy(start + first * width..<start + min(rows, first + 32) * width, of: entry, to: scratch), first)
        }
    }

    /// Copies a stretch of a tensor, which may begin anywhere, checks it, and lets go of the pages it was mapped to.
    private func copy(_ stretch: Range<Int>, of entry: SafeTensors.Entry, to scratch: FloatBuffer) throws
        -> UnsafeRawBufferPointer
    {
        data.withUnsafeBytes { bytes in
            let part = UnsafeRawBufferPointer(rebasing: bytes[stretch])
            UnsafeMutableRawBufferPointer(start: scratch.pointer, count: part.count).copyMemory(from: part)
        }
        mapped?.letGo(of: stretch)
        guard
            entry.dtype != TensorDescription.ElementType.float32.rawValue
                || FloatBuffer.areFinite(scratch.pointer, stretch.count / 4)
        else {
            throw FoldinError(.badData, file: path, found: "a weight that is NaN or infinite", expected: "finite weights")
        }
        return UnsafeRawBufferPointer(start: scratch.pointer, count: stretch.count)
    }
}

/// JSON text with its keys in order.
package func json(_ value: some Encodable) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(value), as: UTF8.self)
}
