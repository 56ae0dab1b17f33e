import FoldinInteractions
import Foundation
import GRDB

/// Kept events as a ratings file, from which a newer model can be trained.
public enum EventExport {
    /// Writes the events of the database `path` to `file`: `user,item,rating,timestamp`, in the order in which they came, whole or not at
    /// all.
    ///
    /// An event without a rating gets `clickRating`. The service may be running: the events are read in many short transactions, up to the
    /// last one that is there at the beginning, and what is removed meanwhile may be missing. Returns the number of events.
    ///
    /// - Throws: `FoldinError` of kind `usage` when `file` is the database, `missingInput`, `badData`, `cannotCreate` or
    ///   `writeFailed`.
    public static func write(database path: String, to file: String, clickRating: Double = 5) throws -> Int {
        guard FileManager.default.fileExists(atPath: path) else {
            throw FoldinError(.missingInput, file: path, found: "no such file", expected: "a database of 'foldin serve --events'")
        }
        try Overlap.refuse(file, over: EventStore.inputs(of: path))
        var count = 0
        do {
            var configuration = Configuration()
            configuration.busyMode = .timeout(5)
            let queue = try DatabaseQueue(path: path, configuration: configuration)
            // Not while a transaction is open: a reader that stays keeps what was removed in the log.
            let last = try queue.read { try Int64.fetchOne($0, sql: "SELECT max(id) FROM event") ?? 0 }
            try AtomicFile.write(to: file) { sink in
                var text = "user,item,rating,timestamp\n"
                var done: Int64 = 0
                while done < last {
                    let (end, lines) = try queue.read { try page($0, of: path, after: done, through: last, clickRating) }
                    guard let end else { break }
                    done = end
                    for line in lines { text += line }
                    count += lines.count
                    try text.withUTF8 { try sink.write(UnsafeRawBufferPointer($0)) }
                    text = ""
                }
                try text.withUTF8 { try sink.write(UnsafeRawBufferPointer($0)) }
            }
        } catch let error as DatabaseError {
            let kind: FoldinError.Kind = error.isOfTheSystem ? .missingInput : .badData
            throw FoldinError(kind, file: path, found: error.reason, expected: "a database of 'foldin serve --events'")
        }
        return count
    }

    /// The lines of some events after the id `done`, and the last id of these; nil when there are none.
    private static func page(
        _ database: Database, of path: String, after done: Int64, through last: Int64, _ clickRating: Double
    ) throws -> (end: Int64?, lines: [String]) {
        let rows = try Row.fetchCursor(
            database,
            sql: """
                SELECT CASE typeof(user) WHEN 'text' THEN user END, CASE typeof(item) WHEN 'text' THEN item END,
                    CASE WHEN rating IS NULL THEN :click WHEN typeof(rating) IN ('real', 'integer') THEN CAST(rating AS REAL) END,
                    CASE typeof(time) WHEN 'integer' THEN time END, id
                FROM event WHERE id > :done AND id <= :last ORDER BY id LIMIT 2000
                """,
            arguments: ["click": clickRating, "done": done, "last": last])
        var end: Int64?
        var lines: [String] = []
        while let row = try rows.next() {
            let id: Int64 = row[4]
            let (user, item, rating, time): (String?, String?, Double?, Int?) = (row[0], row[1], row[2], row[3])
            guard let user, let item, let rating, let time else {
                throw FoldinError(
                    .badData, file: path, found: "event \(id) with a value of another type",
                    expected: "a text, a text, a number or none, and a whole number")
            }
            lines.append("\(field(user)),\(field(item)),\(number(rating)),\(time)\n")
            end = id
        }
        return (end, lines)
    }

    private static func field(_ text: String) -> String {
        // By code points: with an accent behind it a comma is another Character, and still ends a field.
        guard text.unicodeScalars.contains(where: { $0 == "," || $0 == "\"" }) else { return text }
        var quoted = String.UnicodeScalarView("\"".unicodeScalars)
        for scalar in text.unicodeScalars {
            if scalar == "\"" { quoted.append(scalar) }
            quoted.append(scalar)
        }
        quoted.append("\"")
        return String(quoted)
    }

    private static func number(_ value: Double) -> String {
        value == value.rounded() && abs(value) < 1e9 ? String(Int(value)) : "\(value)"
    }
}
