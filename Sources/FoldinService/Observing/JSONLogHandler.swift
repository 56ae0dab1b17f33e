#if Service
import Foundation
import Logging

/// A log handler that writes one JSON object per line: time, level, message, then the metadata. It never waits for the reader of the log.
public struct JSONLogHandler: LogHandler {
    /// The lowest level that is logged.
    public var logLevel: Logger.Level
    /// Metadata of every line.
    public var metadata: Logger.Metadata = [:]
    private let queue: LogQueue

    /// A handler that logs `level` and above to `queue`, by default that of standard error.
    public init(level: Logger.Level, queue: LogQueue = .standardError) { (logLevel, self.queue) = (level, queue) }

    /// A value of ``metadata``.
    public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    /// Appends one line.
    public func log(event: LogEvent) {
        let all = metadata.merging(event.metadata ?? [:]) { $1 }
        let words = all.sorted { $0.key < $1.key }.map { ($0.key, "\($0.value)") }
        queue.append(JSONLogHandler.line(level: event.level.rawValue, message: event.message.description, words))
    }

    /// A line of the log.
    static func line(level: String, message: String, _ words: [(String, String)]) -> [UInt8] {
        let time = Date().formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true))
        var line: [UInt8] = []
        for (key, value) in [("time", time), ("level", level), ("message", message)] + words {
            line.append(line.isEmpty ? UInt8(ascii: "{") : UInt8(ascii: ","))
            JSON.append(key, to: &line)
            line.append(UInt8(ascii: ":"))
            JSON.append(value, to: &line)
        }
        line.append(contentsOf: "}\n".utf8)
        return line
    }
}
#endif
