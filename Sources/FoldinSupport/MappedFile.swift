import Foundation

/// The bytes of a file, mapped into memory: the system reads pages when they are accessed and can drop them again.
///
/// A pipe or a terminal, which cannot be mapped, is read to its end; the path `-` is standard input. Other devices may have no end and are
/// refused, except the null device. The file must not be shortened while it is mapped.
///
/// - Note: `@unchecked Sendable` because the memory is never written after `init` and is released only by `deinit`.
public final class MappedFile: @unchecked Sendable {
    /// The path as the caller wrote it.
    public let path: String
    /// The file's bytes, valid while this object exists. The compiler may release the object after its last use, so `withBytes(_:)` is
    /// the only access.
    private let bytes: UnsafeRawBufferPointer
    private let isMapped: Bool

    /// The largest size in bytes of small files: files that users write, such as options or keys, and descriptions such as `prepare.json`.
    public static let smallFileLimit = 1 << 24

    /// Opens and maps `path`.
    ///
    /// - Parameters:
    ///   - path: the path of the file; `-` is standard input.
    ///   - limit: the largest size of the file in bytes; nil for any size. No more bytes are read from a pipe.
    ///   - onlyRegular: whether only a regular file is accepted. Opening a FIFO then does not wait.
    ///   - expected: what the file should be, for messages; nil for `a file that can be read`.
    ///   - needed: for a pipe, returns the size of the file in bytes as far as its first bytes, the argument, determine it. It is called
    ///     again whenever that many bytes have been read, until its result does not grow. An error that it throws ends the reading.
    /// - Throws: `FoldinError` of kind `missingInput` if the file does not exist, cannot be read, or is a directory or a device; of kind
    ///   `badData` if it has more than `limit` bytes.
    public init(
        contentsOf path: String, atMost limit: Int? = nil, onlyRegular: Bool = false, expected: String? = nil,
        needed: ((UnsafeRawBufferPointer) throws -> Int)? = nil
    ) throws {
        self.path = path
        let flags = O_RDONLY | O_CLOEXEC | O_NOCTTY | (onlyRegular ? O_NONBLOCK : 0)
        let descriptor = path == "-" ? dup(STDIN_FILENO) : open(path, flags)
        guard descriptor >= 0 else { throw Self.unreadable(path, expected) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw Self.unreadable(path, expected) }
        let kind = status.st_mode & S_IFMT
        if let name = Self.refusedKind(status, descriptor, onlyRegular: onlyRegular) {
            throw FoldinError(.missingInput, file: path, found: name, expected: expected ?? "a file")
        }
        // A regular file as standard input may have been read in part.
        if kind == S_IFREG, status.st_size > 0, path != "-" {
            let size = Int(status.st_size)
            if let limit, size > limit { throw Self.tooLarge(path, "\(size)", limit) }
            guard let start = mmap(nil, size, PROT_READ, MAP_PRIVATE, descriptor, 0), start != MAP_FAILED else {
                throw Self.unreadable(path, expected)
            }
            bytes = UnsafeRawBufferPointer(start: start, count: size)
            isMapped = true
        } else {
            bytes = UnsafeRawBufferPointer(try Self.everything(from: descriptor, path, atMost: limit, expected, needed))
            isMapped = false
        }
    }

    /// What the file is, for messages, if it is of a kind that is refused; nil if it is accepted.
    private static func refusedKind(_ status: stat, _ descriptor: Int32, onlyRegular: Bool) -> String? {
        switch status.st_mode & S_IFMT {
        case S_IFREG: return nil
        case S_IFDIR: return "a directory"
        case S_IFIFO: return onlyRegular ? "a pipe" : nil
        case S_IFCHR:
            var null = stat()
            let isNull = stat("/dev/null", &null) == 0 && null.st_rdev == status.st_rdev
            return onlyRegular || !isNull && isatty(descriptor) == 0 ? "a device" : nil
        case S_IFBLK: return "a device"
        default: return onlyRegular ? "a socket" : nil
        }
    }

    deinit {
        if isMapped, let start = bytes.baseAddress {
            munmap(UnsafeMutableRawPointer(mutating: start), bytes.count)
        } else {
            bytes.deallocate()
        }
    }

    /// A copy of the bytes of a small file, or of standard input if `path` is `-`.
    ///
    /// - Parameters:
    ///   - path: the path of the file.
    ///   - expected: what the file should be, for messages.
    /// - Throws: `FoldinError` of kind `missingInput` if it cannot be read, `badData` if it has more than `smallFileLimit` bytes.
    public static func data(at path: String, expected: String) throws -> Data {
        try MappedFile(contentsOf: path, atMost: smallFileLimit, expected: expected).withBytes { Data($0) }
    }

    /// Throws if something other than a regular file exists at `path`, such as a device or a directory: a check before writing in place.
    ///
    /// - Parameters:
    ///   - path: the path of the file; it may be missing.
    ///   - expected: what the file should be, for messages.
    /// - Throws: `FoldinError` of kind `cannotCreate`.
    public static func refuseSpecial(_ path: String, expected: String) throws {
        var status = stat()
        guard stat(path, &status) == 0, status.st_mode & S_IFMT != S_IFREG else { return }
        let found = status.st_mode & S_IFMT == S_IFDIR ? "a directory" : "a device or a pipe"
        throw FoldinError(.cannotCreate, file: path, found: found, expected: expected)
    }

    /// The size of the file in bytes.
    public var count: Int { bytes.count }

    /// Calls `body` with the file's bytes, which are valid only during the call.
    public func withBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
        try withExtendedLifetime(self) { try body(bytes) }
    }

    /// Tells the system that a range of bytes need not stay in memory; it is read again if it is accessed.
    public func letGo(of range: Range<Int>) {
        guard isMapped, let start = bytes.baseAddress else { return }
        let page = Int(getpagesize())
        let first = (range.lowerBound + page - 1) / page * page
        let end = range.upperBound / page * page
        if first < end { madvise(UnsafeMutableRawPointer(mutating: start + first), end - first, MADV_DONTNEED) }
    }

    /// All bytes of a pipe, a terminal or standard input.
    private static func everything(
        from descriptor: Int32, _ path: String, atMost limit: Int?, _ expected: String?,
        _ needed: ((UnsafeRawBufferPointer) throws -> Int)?
    ) throws -> UnsafeMutableRawBufferPointer {
        var collected: [UInt8] = []
        var goal = 0
        var piece = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = read(descriptor, &piece, piece.count)
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else { throw unreadable(path, expected) }
            if count == 0 { break }
            collected.append(contentsOf: piece[..<count])
            if let limit, collected.count > limit { throw tooLarge(path, "more than \(limit)", limit) }
            guard let needed else { continue }
            while collected.count >= goal {
                let more = try collected.withUnsafeBytes(needed)
                if more <= goal { break }
                goal = more
            }
            if collected.count > goal { throw tooLarge(path, "more than \(goal)", goal) }
        }
        let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: collected.count, alignment: 16)
        copy.copyBytes(from: collected)
        return copy
    }

    private static func tooLarge(_ path: String, _ size: String, _ limit: Int) -> FoldinError {
        FoldinError(.badData, file: path, found: "a file of \(size) bytes", expected: "at most \(limit) bytes")
    }

    private static func unreadable(_ path: String, _ expected: String?) -> FoldinError {
        FoldinError(
            .missingInput, file: path, found: expected == nil ? FoldinError.systemReason : "no file that can be read",
            expected: expected ?? "a file that can be read")
    }
}
