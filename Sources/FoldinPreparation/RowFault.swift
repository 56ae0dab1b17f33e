import FoldinInteractions
import FoldinSupport

/// What is wrong with a row: what was found and what was expected. The reader adds the file and the line.
public struct RowFault: Error, Sendable, Equatable {
    /// What was found.
    public let found: String
    /// What was expected instead.
    public let expected: String
    /// The name of the case, if a caller may have advice for it.
    public let reason: FoldinError.Reason?
    /// Whether the rows end inside quotes, which a following block may close.
    var isOpenQuote = false

    /// A fault that shows the first 60 of some bytes.
    public init(bytes: some Sequence<UInt8>, expected: String, reason: FoldinError.Reason? = nil) {
        let text = String(decoding: Array(bytes.prefix(60)), as: UTF8.self)
        self.init(found: "'\(text)'", expected: expected, reason: reason)
    }

    /// A fault with its texts.
    public init(found: String, expected: String, reason: FoldinError.Reason? = nil) {
        self.found = found
        self.expected = expected
        self.reason = reason
    }

    /// The error for the fault in a line of a file.
    func error(file: String, line: Int) -> FoldinError {
        FoldinError(.badData, file: file, line: line, found: found, expected: expected, reason: reason)
    }
}
