import Foundation

/// What went wrong with something a person gave us: a file, an option, an id.
///
/// Every message says where, what was found and what was expected, so that a person can mend it. A programmer's mistake is
/// a `precondition`, never this.
public struct FoldinError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The kind of failure, which decides the command's exit status.
    public enum Kind: Sendable, Equatable {
        /// Options or arguments that cannot be (exit status 64).
        case usage
        /// The contents of a file are not as they must be (65).
        case badData
        /// A file or directory is not there or cannot be read (66).
        case missingInput
        /// A file or directory cannot be created (73).
        case cannotCreate
        /// Writing failed part-way, as on a full disk (74).
        case writeFailed
    }

    /// Why an operation failed, for callers that know more than the library: the command adds which option helps.
    ///
    /// Each module declares its own as static members. The name is unique among all modules.
    public struct Reason: Hashable, Sendable {
        /// The reason in lower-case words with hyphens, for example `directory-exists`.
        public let name: String

        /// A reason of this name.
        public init(_ name: String) { self.name = name }
    }

    /// The kind of failure.
    public let kind: Kind
    /// The file concerned, as the caller named it.
    public let file: String?
    /// The line concerned, from 1.
    public let line: Int?
    /// What was found.
    public let found: String
    /// What was expected instead.
    public let expected: String
    /// Why it failed, where a caller may want to tell this failure from others of its kind; nil otherwise.
    public let reason: Reason?

    /// An error with its parts; see the properties of the same names.
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

    /// `file:line: found …; expected …`, safe to show on a terminal.
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
    /// Why the system's last call failed, for `found`: `no space left on device`.
    public static var systemReason: String { systemReason(of: errno) }

    /// What the number of a system's error means.
    public static func systemReason(of code: Int32) -> String { String(cString: strerror(code)).lowercased() }
}
