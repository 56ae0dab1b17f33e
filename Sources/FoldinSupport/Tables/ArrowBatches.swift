import CArrow
import Foundation

/// The batches of a stream of Arrow's C interface, which is released with the object.
package final class ArrowBatches {
    /// The table's name, for messages.
    package let path: String
    /// The number of the table's rows before the first one.
    package var firstRow = 0
    private var stream: ArrowArrayStream

    /// Takes over a stream: it is moved out of its place.
    package init(taking stream: UnsafeMutablePointer<ArrowArrayStream>, path: String) {
        (self.stream, self.path) = (stream.pointee, path)
        stream.pointee.release = nil
    }

    deinit { stream.release?(&stream) }

    private func failure(_ code: Int32) -> FoldinError {
        let text = stream.get_last_error?(&stream).map { String(cString: $0) } ?? FoldinError.systemReason(of: code)
        return FoldinError(.badData, file: path, found: "a table that cannot be read (\(text))", expected: "a stream of Arrow")
    }

    /// The schema, released with the object that it returns.
    ///
    /// - Throws: `FoldinError` of kind `badData`.
    package func schema() throws -> ArrowSchemaBox {
        let box = ArrowSchemaBox()
        guard let get = stream.get_schema else {
            throw FoldinError(.badData, file: path, found: "a stream that was released", expected: "a stream of Arrow")
        }
        let code = get(&stream, &box.schema)
        guard code == 0 else { throw failure(code) }
        return box
    }

    /// Calls `body` with each batch, which is released then.
    ///
    /// - Throws: `FoldinError` of kind `badData`, and what `body` throws.
    package func withEachBatch(_ body: (ArrowArray) throws -> Void) throws {
        while true {
            var batch = ArrowArray()
            let code = stream.get_next?(&stream, &batch) ?? 0
            guard code == 0 else { throw failure(code) }
            guard let release = batch.release else { return }
            defer { release(&batch) }
            try body(batch)
        }
    }
}

/// A schema that is released with the object.
package final class ArrowSchemaBox {
    package fileprivate(set) var schema = ArrowSchema()

    deinit { schema.release?(&schema) }
}

/// A column of large texts in a batch.
struct ArrowTexts {
    private let ends: UnsafePointer<Int64>?
    private let bytes: UnsafeRawPointer?

    init(_ batch: ArrowArray, _ column: Int) {
        let array = batch.children?[column]?.pointee
        ends = array?.buffers?[1]?.assumingMemoryBound(to: Int64.self)
        bytes = array?.buffers?[2]
    }

    subscript(row: Int) -> String {
        guard let ends, let bytes else { return "" }
        let (start, end) = (Int(ends[row]), Int(ends[row + 1]))
        return String(decoding: UnsafeRawBufferPointer(start: bytes + start, count: end - start), as: UTF8.self)
    }
}
