import FoldinInteractions
import FoldinKernels
import FoldinSupport

/// The name, the shape and the type of number of a tensor.
public struct TensorDescription: Sendable, Equatable {
    /// What a tensor is made of: 4 bytes each.
    public enum ElementType: String, Sendable, CaseIterable {
        /// 32-bit floating-point numbers.
        case float32 = "F32"
        /// 32-bit signed whole numbers.
        case int32 = "I32"
    }

    /// The name in the file.
    public let name: String
    /// The number of elements along each axis; row-major.
    public let shape: [Int]
    /// What it is made of.
    public let type: ElementType

    /// A description; floats unless `type` says otherwise.
    public init(name: String, shape: [Int], type: ElementType = .float32) {
        (self.name, self.shape, self.type) = (name, shape, type)
    }

    /// The number of elements.
    var count: Int { shape.reduce(1, *) }
}

/// A tensor of a model, to be written to a file.
public struct ModelTensor: Sendable {
    /// Its name, shape and type.
    public let description: TensorDescription
    let write: @Sendable (borrowing AtomicFile.Sink) throws -> Void

    /// A tensor of the numbers of a buffer, row-major; their number must be that of the shape.
    public init(_ description: TensorDescription, _ values: FloatBuffer) {
        precondition(values.count == description.count && description.type == .float32, "as many floats as the shape has")
        self.description = description
        write = { try $0.write(values) }
    }

    /// The same of an array.
    public init(_ description: TensorDescription, _ values: [Float]) {
        precondition(values.count == description.count && description.type == .float32, "as many floats as the shape has")
        self.description = description
        write = { sink in try values.withUnsafeBytes { try sink.write($0) } }
    }

    /// The same of whole numbers.
    public init(_ description: TensorDescription, _ values: [Int32]) {
        precondition(values.count == description.count && description.type == .int32, "as many whole numbers as the shape has")
        self.description = description
        write = { sink in try values.withUnsafeBytes { try sink.write($0) } }
    }

    /// A tensor [rows, columns] of a buffer that holds the transpose, [columns, rows]. Copies a few rows at a time.
    package init(_ description: TensorDescription, transposing values: FloatBuffer) {
        precondition(values.count == description.count && description.shape.count == 2, "a matrix of the buffer's size")
        self.description = description
        write = { sink in
            let (rows, columns, width) = (description.shape[0], description.shape[1], 32)
            let part = FloatBuffer(count: width * columns)
            for start in stride(from: 0, to: rows, by: width) {
                let end = min(rows, start + width)
                for column in 0..<columns {
                    for row in start..<end {
                        part.pointer[(row - start) * columns + column] = values.pointer[column * rows + row]
                    }
                }
                try sink.write(UnsafeRawBufferPointer(start: part.pointer, count: 4 * (end - start) * columns))
            }
        }
    }

    /// A tensor whose numbers `write` appends.
    package init(_ description: TensorDescription, write: @escaping @Sendable (borrowing AtomicFile.Sink) throws -> Void) {
        (self.description, self.write) = (description, write)
    }

    /// The same numbers under another name.
    func renamed(_ name: String) -> ModelTensor {
        ModelTensor(TensorDescription(name: name, shape: description.shape, type: description.type), write: write)
    }
}

extension ModelFile {
    /// Writes tensors and texts to one file, whole or not at all.
    ///
    /// - Throws: `FoldinError` of kind `cannotCreate` or `writeFailed`.
    package static func write(_ tensors: [ModelTensor], metadata: [String: String], to path: String) throws {
        let preamble = try SafeTensors.preamble(tensors: tensors.map(\.description), metadata: metadata)
        try AtomicFile.write(to: path) { sink in
            try preamble.withUnsafeBytes { try sink.write($0) }
            for tensor in tensors { try tensor.write(sink) }
        }
    }
}

extension AtomicFile.Sink {
    /// Appends all numbers of a buffer.
    package func write(_ buffer: FloatBuffer) throws {
        try withExtendedLifetime(buffer) {
            try write(UnsafeRawBufferPointer(start: buffer.pointer, count: 4 * buffer.count))
        }
    }
}
