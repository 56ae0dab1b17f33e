import FoldinInteractions
import FoldinSupport
import Foundation

/// Appends to a file that other processes may be reading.
package enum AppendedFile {
    /// Appends all of `bytes` to the existing file `path`; after a failure the file is cut back to its old length where possible.
    ///
    /// - Throws: `FoldinError` of kind `writeFailed` with `expected` as its expectation.
    package static func append(_ bytes: [UInt8], to path: String, expected: String) throws {
        func failure() -> FoldinError {
            FoldinError(.writeFailed, file: path, found: FoldinError.systemReason, expected: expected)
        }
        var descriptor: Int32
        repeat { descriptor = open(path, O_WRONLY | O_APPEND | O_CLOEXEC) } while descriptor < 0 && errno == EINTR
        guard descriptor >= 0 else { throw failure() }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else {
            let failure = failure()
            close(descriptor)
            throw failure
        }
        var rest = bytes[...]
        while !rest.isEmpty {
            let written = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
            if written >= 0 {
                rest = rest.dropFirst(written)
            } else if errno != EINTR {
                let failure = failure()
                // A partial line would make the next one unreadable as well.
                _ = ftruncate(descriptor, status.st_size)
                close(descriptor)
                throw failure
            }
        }
        guard close(descriptor) == 0 || errno == EINTR else { throw failure() }
    }
}
