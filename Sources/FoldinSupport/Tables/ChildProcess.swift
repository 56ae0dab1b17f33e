import Foundation

/// A program that is run beside this one, and what it writes to its standard output.
///
/// It is ended when the object is released.
package final class ChildProcess: ByteStream {
    private let process = Process()
    private let errors: FileHandle
    private let output: FileHandle?
    /// Where the program reads; nil if it reads nothing.
    private let input: FileHandle?
    private let path: String

    /// Starts a program.
    ///
    /// - Parameters:
    ///   - command: the program's path and its arguments.
    ///   - path: the file that it reads or writes, for messages.
    ///   - isFed: whether `write(_:)` is used.
    ///   - target: the descriptor that it writes to; nil for `read(into:)`.
    /// - Throws: `FoldinError` of kind `cannotCreate` if it does not start.
    package init(_ command: [String], for path: String, isFed: Bool = false, writingTo target: Int32? = nil) throws {
        self.path = path
        process.executableURL = URL(filePath: command[0])
        process.arguments = Array(command.dropFirst())
        // A file, because a full pipe would stop the program.
        guard let file = tmpfile() else {
            throw FoldinError(.cannotCreate, found: FoldinError.systemReason, expected: "a temporary file")
        }
        errors = FileHandle(fileDescriptor: dup(fileno(file)), closeOnDealloc: true)
        fclose(file)
        process.standardError = errors
        let (fed, read) = (isFed ? Pipe() : nil, target == nil ? Pipe() : nil)
        process.standardInput = fed ?? FileHandle.nullDevice
        process.standardOutput = read ?? target.map { FileHandle(fileDescriptor: $0, closeOnDealloc: false) }
        (input, output) = (fed?.fileHandleForWriting, read?.fileHandleForReading)
        do { try process.run() } catch {
            throw FoldinError(
                .cannotCreate, file: command[0], found: UnexpectedError.reason(error), expected: "a program that starts")
        }
    }

    deinit {
        if process.isRunning { process.terminate() }
    }

    /// Fills `target` with the next bytes of the output; see ``ByteStream``. At the end the program must have succeeded.
    ///
    /// - Throws: `FoldinError` of kind `badData` with what the program reported.
    package func read(into target: UnsafeMutableRawBufferPointer) throws -> Int {
        var filled = 0
        while let output, filled < target.count, let start = target.baseAddress {
            let count = Foundation.read(output.fileDescriptor, start + filled, target.count - filled)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else {
                throw FoldinError(.missingInput, file: path, found: FoldinError.systemReason, expected: "the output of a program")
            }
            if count == 0 {
                try finish()
                break
            }
            filled += count
        }
        return filled
    }

    /// All of the output.
    package func text() throws -> String {
        var bytes: [UInt8] = []
        let piece = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 16, alignment: 16)
        defer { piece.deallocate() }
        while true {
            let count = try read(into: piece)
            bytes += piece[..<count]
            if count < piece.count { return String(decoding: bytes, as: UTF8.self) }
        }
    }

    /// Gives the program bytes to read. A program that has ended is no error here: `finish()` says why it did.
    package func write(_ bytes: UnsafeRawBufferPointer) {
        var rest = bytes
        while let input, let start = rest.baseAddress, !rest.isEmpty {
            let count = Foundation.write(input.fileDescriptor, start, rest.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return }
            rest = UnsafeRawBufferPointer(rebasing: rest[count...])
        }
    }

    /// Ends the program's input, and waits until it has ended.
    ///
    /// - Throws: `FoldinError` of kind `badData` with what the program reported if it failed.
    package func finish() throws {
        try? input?.close()
        process.waitUntilExit()
        guard process.terminationStatus != 0 || process.terminationReason != .exit else { return }
        try? errors.seek(toOffset: 0)
        let lines = String(decoding: (try? errors.readToEnd()) ?? Data(), as: UTF8.self).split(whereSeparator: \.isNewline)
        let message = lines.first { $0.contains("Error") } ?? lines.last
        throw FoldinError(
            .badData, file: path,
            found: message.map { String($0.prefix(300)) } ?? "a program that ended with \(process.terminationStatus)",
            expected: "a table that \(process.executableURL?.lastPathComponent ?? "the program") can read or write")
    }
}
