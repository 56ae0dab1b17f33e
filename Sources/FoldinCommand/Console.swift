import ArgumentParser
import Foldin
import FoldinKernels
import Foundation
import Synchronization

/// The output of the command: results on standard output, everything else on standard error.
///
/// All text for users is written here. Names, titles and messages may come from files, so control characters and marks that reorder text are
/// written as escapes.
enum Console {
    /// Whether standard error is a terminal.
    static let isWatched = isatty(STDERR_FILENO) == 1
    /// Whether standard output is a terminal.
    private static let isShown = isatty(STDOUT_FILENO) == 1

    /// Writes one line to standard error; line breaks in it are escaped.
    static func note(_ text: String) { _ = write(text.escapedForTerminal + "\n", to: STDERR_FILENO) }

    /// Writes an error to standard error, with the advice for its reason if there is any.
    static func failure(_ error: FoldinError) {
        let text = error.descriptionWithAdvice.escapedForTerminal
        _ = write(styled("foldin:", .red, if: isWatched) + " " + text + "\n", to: STDERR_FILENO)
    }

    /// A colour or weight, by its number in the terminal's escape sequence.
    private enum Style: Int {
        case bold = 1
        case red = 31
    }

    /// The text in a style; as it is where the output is no terminal, or `NO_COLOR` is set, or the terminal is `dumb`.
    private static func styled(_ text: String, _ style: Style, if isTerminal: Bool) -> String {
        let environment = ProcessInfo.processInfo.environment
        guard isTerminal, environment["NO_COLOR", default: ""].isEmpty, environment["TERM"] != "dumb" else { return text }
        return "\u{1B}[\(style.rawValue)m\(text)\u{1B}[0m"
    }

    /// Writes several lines to standard error, such as the usage of a command.
    static func notes(_ text: String) { _ = write(text.escapedLinesForTerminal + "\n", to: STDERR_FILENO) }

    /// Replaces the current line on standard error with `text`, cut to the terminal's width, because a longer line could not be replaced;
    /// does nothing if standard error is not a terminal.
    static func progress(_ text: String) {
        guard isWatched else { return }
        var size = winsize()
        let isKnown = ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 1
        // The last column stays free: some terminals go to the next line after it.
        let line = ProgressText.cut(text.escapedForTerminal, toColumns: isKnown ? Int(size.ws_col) - 1 : 79)
        _ = write("\r\u{1B}[K" + line, to: STDERR_FILENO)
    }

    /// Whether standard output still has a reader: false after a write to a pipe whose reader has ended (`foldin … | head`).
    static var isRead: Bool { !readerIsGone.load(ordering: .relaxed) }
    private static let readerIsGone = Atomic<Bool>(false)

    /// Writes results for users to standard output: one or more lines and a newline. Values in lines must be escaped before.
    ///
    /// - Throws: `FoldinError` of kind `writeFailed`.
    static func result(_ text: String) throws { try output(text.escapedLinesForTerminal) }

    /// Writes the sentence that the result comes to, bold on a terminal.
    ///
    /// - Throws: `FoldinError` of kind `writeFailed`.
    static func conclusion(_ text: String) throws { try output(styled(text.escapedLinesForTerminal, .bold, if: isShown)) }

    /// Writes rows for programs to standard output with a newline: every byte unchanged unless standard output is a terminal.
    ///
    /// - Throws: `FoldinError` of kind `writeFailed`.
    static func rows(_ text: String) throws { try isShown ? result(text) : output(text) }

    /// Writes a text and a newline to standard output; does nothing if the reader has ended, which is not an error.
    private static func output(_ text: String) throws {
        guard isRead else { return }
        switch write(text + "\n", to: STDOUT_FILENO) {
        case 0: return
        case EPIPE: readerIsGone.store(true, ordering: .relaxed)
        case let code:
            throw FoldinError(
                .writeFailed, file: "standard output", found: FoldinError.systemReason(of: code),
                expected: "the complete result to be written")
        }
    }

    /// Writes one JSON document to standard output, with sorted keys in snake_case.
    ///
    /// - Throws: `FoldinError` of kind `writeFailed`.
    static func json(_ value: some Encodable) throws { try output(document(value)) }

    /// A JSON document on one line, with sorted keys in snake_case.
    static func document(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        encoder.keyEncodingStrategy = .convertToSnakeCase
        return String(decoding: try encoder.encode(value), as: UTF8.self).escapedJSONForTerminal
    }

    /// Opens those of standard input, output and error that are closed. A file opened later would otherwise get such a descriptor and
    /// receive messages.
    ///
    /// Writing to an output that was closed then fails with a message.
    static func holdStandardDescriptors() {
        for descriptor in STDIN_FILENO...STDERR_FILENO where fcntl(descriptor, F_GETFD) == -1 {
            // `open` returns the lowest free number, which is this one.
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
                    // A pipe that is set to non-blocking mode at its other end.
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

/// `--threads`, for commands that use several threads.
struct WorkerOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Threads to use; results do not depend on it. (default: all processors)", valueName: "n"))
    var threads: Int?

    func validate() throws {
        if let threads, threads < 1 { throw ValidationError("--threads: found \(threads); expected at least 1") }
    }

    var workers: Workers { Workers(count: threads) }
}
