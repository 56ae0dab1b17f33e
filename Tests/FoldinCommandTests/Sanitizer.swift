import Foundation

/// The sanitizer that the tests run under, which needs more memory and files than a test may allow: see `Scripts/sanitize.sh`.
enum Sanitizer {
    /// `address` or `thread`; nil without a sanitizer.
    static let name = ProcessInfo.processInfo.environment["FOLDIN_SANITIZER"]
}
