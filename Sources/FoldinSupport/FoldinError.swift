import Foundation

/// A failure caused by input or by the system: a file, an option, an id, a full disk.
///
/// Every error states where it occurred, what was found and what was expected, so that a user can correct the input. Mistakes of a
/// programmer are preconditions and never throw this error.
public struct FoldinError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The kind of failure, which determines the exit status of the command.
    public enum Kind: Sendable, Equatable {
        /// Invalid options or arguments (exit status 64).
        case usage
        /// Invalid contents of a file (65).
        case badData
        /// A file or directory does not exist or cannot be read (66).
        case missingInput
        /// A file or directory cannot be created (73).
        case cannotCreate
        /// Writing failed after it began, for example because the disk is full (74).
        case writeFailed
    }

    /// Identifies one cause of errors, for a caller that can add advice: the command adds which of its options helps.
    ///
    /// Modules declare their reasons as static members. Names are unique across modules.
    public struct Reason: Hashable, Sendable {
        /// The name in lower-case words with hyphens, for example `directory-exists`.
        public let name: String

        /// Creates a reason of this name.
        public init(_ name: String) { self.name = name }
    }

    /// The kind of failure.
    public let kind: Kind
    /// The path of the file concerned, as the caller wrote it; nil if there is none.
    public let file: String?
    /// The number of the line concerned, from 1; nil if there is none.
    public let line: Int?
    /// What was found.
    public let found: String
    /// What was expected instead.
    public let expected: String
    /// The cause, where a caller may have advice about it; nil otherwise.
    public let reason: Reason?

    /// Creates an error; the parameters are the properties of the same names.
    public init(
        _ kind: Kind, file: String? = nil, line: Int? = nil, found: String, expected: String, reason: FoldinError.Reason? = nil
    ) {
        self.kind = kind
        self.file = file
        self.line = line
        self.found = found
        self.expected = expected
        self.reason = reason
    }

    /// The same error with some parts replaced; a part that is nil stays.
    package func with(file: String? = nil, line: Int? = nil, found: String? = nil, expected: String? = nil) -> FoldinError {
        FoldinError(
            kind, file: file ?? self.file, line: line ?? self.line, found: found ?? self.found,
            expected: expected ?? self.expected, reason: reason)
    }

    /// `file:line: found …; expected …`, with control characters escaped.
    public var description: String {
        var place = file.map { ($0 == "-" ? "standard input" : $0) + ":" } ?? ""
        if let line { place += "\(line):" }
        return ((place.isEmpty ? "" : place + " ") + "found \(found); expected \(expected)").escapedForTerminal
    }

    /// The exit status of `sysexits.h` for this failure.
    public var exitStatus: Int32 {
        switch kind {
        case .usage: 64
        case .badData: 65
        case .missingInput: 66
        case .cannotCreate: 73
        case .writeFailed: 74
        }
    }
}

extension FoldinError {
    /// Why the last system call failed, for `found`: `no space left on device`.
    public static var systemReason: String { systemReason(of: errno) }

    /// The meaning of a system error's number, in lower case.
    public static func systemReason(of code: Int32) -> String { String(cString: strerror(code)).lowercased() }
}
