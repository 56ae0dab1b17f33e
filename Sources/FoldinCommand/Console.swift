import ArgumentParser
import Foldin
import FoldinKernels
import Foundation
import Synchronization

/// What the command says: results on standard output, everything else on standard error.
///
/// All that is for people goes through here, and nothing in it steers their terminal: whatever names, titles and messages came from
/// files, control characters and marks that turn the direction of text are shown as escapes.
enum Console {
    /// Whether a person is watching standard error.
    static let isWatched = isatty(STDERR_FILENO) == 1
    /// Whether standard output is a terminal.
    private static let isShown = isatty(STDOUT_FILENO) == 1

    /// A line for people on standard error; a line break in it is escaped, too.
    static func note(_ text: String) { _ = write(text.escapedForTerminal + "\n", to: STDERR_FILENO) }

    /// The line of an error on standard error, with advice where there is any for its reason.
    static func failure(_ error: FoldinError) {
        note("foldin: \(error.descriptionWithAdvice)")
    }

    /// Several lines for people on standard error, as of how a command is used.
    static func notes(_ text: String) { _ = write(text.escapedLinesForTerminal + "\n", to: STDERR_FILENO) }

    /// Replaces the current line on standard error with `text`; nothing when nobody is watching.
    static func progress(_ text: String) {
        if isWatched { _ = write("\r\u{1B}[K" + text.escapedForTerminal, to: STDERR_FILENO) }
    }

    /// Whether somebody still reads standard output: false after a write to a pipe whose reader went away (`foldin … | head`).
    static var isRead: Bool { !readerIsGone.load(ordering: .relaxed) }
    private static let readerIsGone = Atomic<Bool>(false)

    /// Results for people on standard output, of one or more lines, with a newline. What is put into lines is escaped before.
    ///
    /// - Throws: `FoldinError` of kind `writeFailed`.
    static func result(_ text: String) throws { try output(text.escapedLinesForTerminal) }

    /// Rows for programs on standard output, with a newline: every byte as it is, unless a terminal shows them.
    ///
    /// - Throws: `FoldinError` of kind `writeFailed`.
    static func rows(_ text: String) throws { try isShown ? result(text) : output(text) }

    /// Writes a text and a newline to standard output. Nothing where the reader went away, which is no failure of ours.
    private static func output(_ text: String) throws {
        guard isRead else { return }
        switch write(text + "\n", to: STDOUT_FILENO) {
        case 0: return
        case EPIPE: readerIsGone.store(true, ordering: .relaxed)
        case let code:
            throw FoldinError(
                .writeFailed, file: "standard output", found: FoldinError.systemReason(of: code),
                expected: "a place for all of the result")
        }
    }

    /// One JSON document on standard output, keys sorted and in snake_case.
    static func json(_ value: some Encodable) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        encoder.keyEncodingStrategy = .convertToSnakeCase
        try output(String(decoding: try encoder.encode(value), as: UTF8.self).escapedJSONForTerminal)
    }

    /// Opens what is closed of standard input, output and error: a file opened later would get its number, and our texts with it.
    ///
    /// Writing to an output that was closed is then a failure with a message.
    static func holdStandardDescriptors() {
        for descriptor in STDIN_FILENO...STDERR_FILENO where fcntl(descriptor, F_GETFD) == -1 {
            // The lowest number that is free is this one.
            _ = open("/dev/null", descriptor == STDERR_FILENO ? O_WRONLY : O_RDONLY)
        }
    }

    /// Writes all of a text; returns 0 or the number of the error.
    private static func write(_ text: String, to descriptor: Int32) -> Int32 {
        var text = text
        return text.withUTF8 { bytes in
            var rest = UnsafeRawBufferPointer(bytes)
            while let start = rest.baseAddress, !rest.isEmpty {
                let written = Foundation.write(descriptor, start, rest.count)
                if written >= 0 {
                    rest = UnsafeRawBufferPointer(rebasing: rest[written...])
                } else if errno == EAGAIN {
                    // A pipe that its other end set not to wait.
                    var place = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                    _ = poll(&place, 1, -1)
                } else if errno != EINTR {
                    return errno
                }
            }
            return 0
        }
    }
}

/// `--threads`, wherever work is shared out.
struct WorkerOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Threads to use; results do not depend on it. (default: all processors)", valueName: "n"))
    var threads: Int?

    func validate() throws {
        if let threads, threads < 1 { throw ValidationError("--threads: found \(threads); expected at least 1") }
    }

    var workers: Workers { Workers(count: threads) }
}
