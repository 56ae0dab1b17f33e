import Foundation

/// The bytes of a file, mapped rather than read: pages come in when touched and cost no memory of the process's own.
///
/// A pipe or a terminal, which cannot be mapped, is read whole; the path `-` is standard input. Other devices, which may have no end, are
/// refused, except the null device. The file must not be shortened while it is mapped.
///
/// - Note: `@unchecked Sendable` because the memory is never written after `init` and is given back only by `deinit`.
public final class MappedFile: @unchecked Sendable {
    /// The path as the caller named it.
    public let path: String
    /// The file's bytes, valid as long as this object lives; the compiler may end its life after its last mention, so they
    /// are lent by `withBytes(_:)` only.
    private let bytes: UnsafeRawBufferPointer
    private let isMapped: Bool

    /// The most bytes that a file may have which people write, such as options or keys, or which describes others, such as `prepare.json`.
    public static let smallFileLimit = 1 << 24

    /// Opens and maps `path`.
    ///
    /// - Parameters:
    ///   - limit: the most bytes that the file may have; of a pipe no more are read.
    ///   - onlyRegular: whether anything but a regular file is refused. A FIFO is then not waited for.
    ///   - expected: what is looked for, for messages; a file that can be read if nil.
    ///   - needed: of a pipe, how many bytes there must be given those that there are; asked again when there are as many, until that is all.
    ///     What it throws ends the reading.
    /// - Throws: `FoldinError` of kind `missingInput` if it is not there, not readable, a directory or a device, `badData` if it has more
    ///   than `limit` bytes.
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

    /// What is not read, for people; nil for what is.
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

    /// A copy of the bytes of a small file or, for `-`, of standard input.
    ///
    /// - Throws: `FoldinError` of kind `missingInput` that says that `expected` is, or `badData` for a file of more than
    ///   `smallFileLimit` bytes.
    public static func data(at path: String, expected: String) throws -> Data {
        try MappedFile(contentsOf: path, atMost: smallFileLimit, expected: expected).withBytes { Data($0) }
    }

    /// Fails for a path where something else than a regular file is, such as a device or a directory: for what writes in place.
    ///
    /// - Throws: `FoldinError` of kind `cannotCreate` that says that `expected` is.
    public static func refuseSpecial(_ path: String, expected: String) throws {
        var status = stat()
        guard stat(path, &status) == 0, status.st_mode & S_IFMT != S_IFREG else { return }
        let found = status.st_mode & S_IFMT == S_IFDIR ? "a directory" : "a device or a pipe"
        throw FoldinError(.cannotCreate, file: path, found: found, expected: expected)
    }

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
