import Foundation

/// Writing files so that a reader sees the old one or the whole new one, never a part.
public enum AtomicFile {
    /// Writes a file under a temporary name beside `path`, flushes it to the disk, and renames it to `path`.
    ///
    /// `body` gets a sink that takes bytes in any number of pieces. If anything throws, the temporary file is removed and
    /// `path` is as it was. Throws `FoldinError` of kind `cannotCreate` or `writeFailed`, or what `body` throws.
    public static func write(to path: String, _ body: (_ sink: borrowing Sink) throws -> Void) throws {
        let temporary = path + ".\(getpid()).tmp"
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else {
            throw FoldinError(
                .cannotCreate, file: path, found: FoldinError.systemReason, expected: "a place where a file can be created")
        }
        var closed = false
        do {
            try body(Sink(descriptor: descriptor, path: path))
            guard fsync(descriptor) == 0 || errno == EINVAL else { throw failure(path) }
            closed = true
            guard close(descriptor) == 0 else { throw failure(path) }
            guard rename(temporary, path) == 0 else { throw failure(path) }
        } catch {
            if !closed { close(descriptor) }
            unlink(temporary)
            throw error
        }
    }

    /// Writes `text` as UTF-8; see `write(to:_:)`.
    public static func write(_ text: String, to path: String) throws {
        var text = text
        try write(to: path) { sink in try text.withUTF8 { try sink.write(UnsafeRawBufferPointer($0)) } }
    }

    /// Takes the bytes of the file being written.
    public struct Sink: ~Copyable {
        let descriptor: Int32
        let path: String

        /// Appends all of `bytes`.
        public func write(_ bytes: UnsafeRawBufferPointer) throws {
            var rest = bytes
            while let start = rest.baseAddress, !rest.isEmpty {
                let written = Foundation.write(descriptor, start, min(rest.count, 1 << 30))
                if written < 0 {
                    if errno == EINTR { continue }
                    throw AtomicFile.failure(path)
                }
                rest = UnsafeRawBufferPointer(rebasing: rest[written...])
            }
        }
    }

    private static func failure(_ path: String) -> FoldinError {
        FoldinError(.writeFailed, file: path, found: FoldinError.systemReason, expected: "the file to be written whole")
    }
}
