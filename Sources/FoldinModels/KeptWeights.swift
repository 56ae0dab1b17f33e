import FoldinInteractions
import FoldinKernels
import Foundation

/// A copy of a network's weights that waits for the end of training: in memory, or in an unnamed file.
///
/// A file costs no memory; it belongs to this object alone, has no name any more and is gone with the process, however that
/// ends.
public final class KeptWeights {
    private let count: Int
    private let memory: FloatBuffer?
    private let descriptor: Int32
    private let directory: String

    /// Room for weights of `architecture`, in a file in `directory` unless that is nil.
    ///
    /// - Throws: `FoldinError` of kind `cannotCreate`.
    public init(of architecture: Architecture, in directory: String? = nil) throws {
        count = architecture.parameterCount
        self.directory = directory ?? ""
        guard let directory else {
            memory = FloatBuffer(count: count)
            descriptor = -1
            return
        }
        memory = nil
        let path = directory + "/" + TemporaryName.make()
        descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw FoldinError(
                .cannotCreate, file: path, found: FoldinError.systemReason, expected: "room for the best epoch's weights")
        }
        guard unlink(path) == 0 else {
            let reason = FoldinError.systemReason
            close(descriptor)
            throw FoldinError(.cannotCreate, file: path, found: reason, expected: "room for the best epoch's weights")
        }
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    /// Takes a copy. Throws `FoldinError` of kind `writeFailed`.
    public func keep(_ parameters: Parameters) throws {
        var offset = 0
        for buffer in parameters.buffers {
            try write(UnsafeRawBufferPointer(start: buffer.pointer, count: 4 * buffer.count), at: offset)
            offset += 4 * buffer.count
        }
    }

    /// Copies back what was kept. Throws `FoldinError` of kind `writeFailed` if the file cannot be read.
    public func restore(into parameters: Parameters) throws {
        var offset = 0
        for buffer in parameters.buffers {
            try read(into: UnsafeMutableRawBufferPointer(start: buffer.pointer, count: 4 * buffer.count), at: offset)
            offset += 4 * buffer.count
        }
    }

    /// The kept numbers as one tensor of a file.
    static func tensor(of architecture: Architecture) -> SafeTensors.Tensor {
        SafeTensors.Tensor(name: "best", shape: [architecture.parameterCount])
    }

    func write(to sink: borrowing AtomicFile.Sink) throws {
        let room = FloatBuffer(count: min(count, 1 << 22))
        for start in stride(from: 0, to: count, by: room.count) {
            let part = UnsafeMutableRawBufferPointer(start: room.pointer, count: 4 * min(room.count, count - start))
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
                    expected: "room for \(4 * self.count) bytes of the best epoch's weights")
            }
            done += moved
        }
    }
}
