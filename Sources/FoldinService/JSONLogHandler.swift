import Foundation
import Logging
import Synchronization

/// Writes a JSON object a line to standard error: time, level, message, then the metadata.
public struct JSONLogHandler: LogHandler {
    public var logLevel: Logger.Level
    public var metadata: Logger.Metadata = [:]

    public init(level: Logger.Level) { logLevel = level }

    public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    public func log(event: LogEvent) {
        var line: [UInt8] = []
        append("time", Date().formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true)), to: &line)
        append("level", event.level.rawValue, to: &line)
        append("message", event.message.description, to: &line)
        let all = metadata.merging(event.metadata ?? [:]) { $1 }
        for (key, value) in all.sorted(by: { $0.key < $1.key }) where key != "hb.request.id" {
            append(key, "\(value)", to: &line)
        }
        line[0] = UInt8(ascii: "{")
        line.append(contentsOf: "}\n".utf8)
        // One write a line: lines of several threads stay whole.
        line.withUnsafeBytes { _ = write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }

    private func append(_ key: String, _ value: String, to line: inout [UInt8]) {
        line.append(UInt8(ascii: ","))
        JSON.append(key, to: &line)
        line.append(UInt8(ascii: ":"))
        JSON.append(value, to: &line)
    }
}
