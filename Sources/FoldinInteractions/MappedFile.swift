import Foundation

/// The bytes of a file, mapped rather than read: pages come in when touched and cost no memory of the process's own.
///
/// A pipe or a device, which cannot be mapped, is read whole; the path `-` is standard input. The file must not be shortened while it is
/// mapped.
///
/// - Note: `@unchecked Sendable` because the memory is never written after `init` and is given back only by `deinit`.
public final class MappedFile: @unchecked Sendable {
    /// The path as the caller named it.
    public let path: String
    /// The file's bytes, valid as long as this object lives; the compiler may end its life after its last mention, so they
    /// are lent by `withBytes(_:)` only.
    private let bytes: UnsafeRawBufferPointer
    private let isMapped: Bool

    /// Opens and maps `path`. Throws `FoldinError` of kind `missingInput` if it is not there, not readable or a directory.
    public init(contentsOf path: String) throws {
        self.path = path
        let descriptor = path == "-" ? dup(STDIN_FILENO) : open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw Self.unreadable(path) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw Self.unreadable(path) }
        let kind = status.st_mode & S_IFMT
        guard kind != S_IFDIR else {
            throw FoldinError(.missingInput, file: path, found: "a directory", expected: "a file")
        }
        // A regular file as standard input may have been read in part.
        if kind == S_IFREG, status.st_size > 0, path != "-" {
            let size = Int(status.st_size)
            guard let start = mmap(nil, size, PROT_READ, MAP_PRIVATE, descriptor, 0), start != MAP_FAILED else {
                throw Self.unreadable(path)
            }
            bytes = UnsafeRawBufferPointer(start: start, count: size)
            isMapped = true
        } else {
            bytes = UnsafeRawBufferPointer(try Self.everything(from: descriptor, path))
            isMapped = false
        }
    }

    deinit {
        if isMapped, let start = bytes.baseAddress {
            munmap(UnsafeMutableRawPointer(mutating: start), bytes.count)
        } else {
            bytes.deallocate()
        }
    }

    /// A copy of the bytes of a file or, for `-`, of standard input; nil if it cannot be read.
    public static func data(at path: String) -> Data? { try? MappedFile(contentsOf: path).withBytes { Data($0) } }

    /// The number of bytes.
    public var count: Int { bytes.count }

    /// Lends the file's bytes to `body`, which must not keep them.
    public func withBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
        try withExtendedLifetime(self) { try body(bytes) }
    }

    /// Tells the system that a stretch need not stay in memory; it comes in again when touched.
    public func letGo(of stretch: Range<Int>) {
        guard isMapped, let start = bytes.baseAddress else { return }
        let page = Int(getpagesize())
        let first = (stretch.lowerBound + page - 1) / page * page
        let end = stretch.upperBound / page * page
        if first < end { madvise(UnsafeMutableRawPointer(mutating: start + first), end - first, MADV_DONTNEED) }
    }

    private static func everything(from descriptor: Int32, _ path: String) throws -> UnsafeMutableRawBufferPointer {
        var collected: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = read(descriptor, &piece, piece.count)
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else { throw unreadable(path) }
            if count == 0 { break }
            collected.append(contentsOf: piece[..<count])
        }
        let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: collected.count, alignment: 16)
        copy.copyBytes(from: collected)
        return copy
    }

    private static func unreadable(_ path: String) -> FoldinError {
        FoldinError(
            .missingInput, file: path, found: FoldinError.systemReason, expected: "a file that can be read")
    }
}
