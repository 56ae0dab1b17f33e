import FoldinInteractions
import FoldinKernels
import FoldinModels
import FoldinSupport
import Foundation

/// A copy of the best epoch's weights, in memory or in an unnamed file.
///
/// A file takes no memory. It belongs to this object alone, its name is removed at once, and it is gone with the process, however that
/// ends.
///
/// - Note: `@unchecked Sendable` because a checkpoint's tensor refers to it; the training that has both uses them from one thread.
final class KeptWeights: @unchecked Sendable {
    static let tensorName = "best"

    private let count: Int
    private let memory: FloatBuffer?
    /// The file; nil for memory.
    private let file: OwnedDescriptor?
    private let directory: String

    /// Memory for weights as large as `weights`, or a file in `directory` unless that is nil.
    ///
    /// - Throws: `FoldinError` of kind `cannotCreate`.
    init(of weights: [FloatBuffer], in directory: String? = nil) throws {
        count = weights.reduce(0) { $0 + $1.count }
        self.directory = directory ?? ""
        guard let directory else {
            memory = FloatBuffer(count: count)
            file = nil
            return
        }
        memory = nil
        let path = directory + "/" + TemporaryName.make()
        guard let file = OwnedDescriptor(open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)) else {
            throw FoldinError(
                .cannotCreate, file: path, found: FoldinError.systemReason, expected: "space for the best epoch's weights")
        }
        guard unlink(path) == 0 else {
            throw FoldinError(
                .cannotCreate, file: path, found: FoldinError.systemReason, expected: "space for the best epoch's weights")
        }
        self.file = file
    }

    /// The number of the open file.
    private var descriptor: Int32 { file?.number ?? -1 }

    /// Takes a copy. Throws `FoldinError` of kind `writeFailed`.
    func keep(_ weights: [FloatBuffer]) throws {
        var offset = 0
        for buffer in weights {
            try write(UnsafeRawBufferPointer(start: buffer.pointer, count: 4 * buffer.count), at: offset)
            offset += 4 * buffer.count
        }
    }

    /// Copies back what was kept. Throws `FoldinError` of kind `writeFailed` if the file cannot be read.
    func restore(into weights: [FloatBuffer]) throws {
        var offset = 0
        for buffer in weights {
            try read(into: UnsafeMutableRawBufferPointer(start: buffer.pointer, count: 4 * buffer.count), at: offset)
            offset += 4 * buffer.count
        }
    }

    /// The kept numbers as one tensor of a file.
    var description: TensorDescription { TensorDescription(name: Self.tensorName, shape: [count]) }
    var tensor: ModelTensor { ModelTensor(description) { try self.write(to: $0) } }

    private func write(to sink: borrowing AtomicFile.Sink) throws {
        let scratch = FloatBuffer(count: min(count, 1 << 22))
        for start in stride(from: 0, to: count, by: max(1, scratch.count)) {
            let part = UnsafeMutableRawBufferPointer(start: scratch.pointer, count: 4 * min(scratch.count, count - start))
            try read(into: part, at: 4 * start)
            try sink.write(UnsafeRawBufferPointer(part))
        }
    }

    func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws {
        if let memory {
            UnsafeMutableRawPointer(memory.pointer).advanced(by: offset)
                .copyMemory(from: bytes.baseAddress ?? UnsafeRawPointer(memory.pointer), byteCount: bytes.count)
            return
        }
        try transfer(bytes.count) { done in
            pwrite(descriptor, bytes.baseAddress.map { $0 + done }, min(bytes.count - done, 1 << 30), off_t(offset + done))
        }
    }

    private func read(into bytes: UnsafeMutableRawBufferPointer, at offset: Int) throws {
        if let memory {
            bytes.copyMemory(from: UnsafeRawBufferPointer(start: UnsafeRawPointer(memory.pointer) + offset, count: bytes.count))
            return
        }
        try transfer(bytes.count) { done in
            pread(descriptor, bytes.baseAddress.map { $0 + done }, min(bytes.count - done, 1 << 30), off_t(offset + done))
        }
    }

    /// Calls `part(bytes done)` until all are.
    private func transfer(_ count: Int, _ part: (Int) -> Int) throws {
        var done = 0
        while done < count {
            let moved = part(done)
            if moved < 0, errno == EINTR { continue }
            guard moved > 0 else {
                throw FoldinError(
                    .writeFailed, file: directory, found: moved < 0 ? FoldinError.systemReason : "a file cut short",
                    expected: "space for \(4 * self.count) bytes of the best epoch's weights")
            }
            done += moved
        }
    }
}
