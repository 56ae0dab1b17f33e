import ArgumentParser
import Foldin
import FoldinKernels
import Foundation

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
    static func note(_ text: String) { write(text.escapedForTerminal + "\n", to: .standardError) }

    /// Replaces the current line on standard error with `text`; nothing when nobody is watching.
    static func progress(_ text: String) {
        if isWatched { write("\r\u{1B}[K" + text.escapedForTerminal, to: .standardError) }
    }

    /// Results for people on standard output, of one or more lines, with a newline. What is put into lines is escaped before.
    static func result(_ text: String) { write(text.escapedLinesForTerminal + "\n", to: .standardOutput) }

    /// Rows for programs on standard output, with a newline: every byte as it is, unless a terminal shows them.
    static func rows(_ text: String) { isShown ? result(text) : write(text + "\n", to: .standardOutput) }

    /// One JSON document on standard output, keys sorted and in snake_case.
    static func json(_ value: some Encodable) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        encoder.keyEncodingStrategy = .convertToSnakeCase
        result(String(decoding: try encoder.encode(value), as: UTF8.self).escapedJSONForTerminal)
    }

    private static func write(_ text: String, to handle: FileHandle) {
        // A reader that went away (`foldin … | head`) is no failure of ours.
        try? handle.write(contentsOf: Data(text.utf8))
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
