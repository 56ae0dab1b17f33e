import FoldinInteractions
import FoldinKernels
import FoldinSupport
import FoldinTestSupport
import Foundation
import Testing

@testable import FoldinPreparation

/// Random tables written in every layout, delimiter, quoting, line ending, encoding and order of columns, and read back.
struct RandomFilesTests {
    /// A generator whose seed is its whole state, so that failures are reproducible.
    private struct Draws: RandomNumberGenerator {
        var state: UInt64
        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var word = state
            word = (word ^ word >> 30) &* 0xBF58_476D_1CE4_E5B9
            word = (word ^ word >> 27) &* 0x94D0_49BB_1331_11EB
            return word ^ word >> 31
        }
        mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(bound)) }
        mutating func chance(_ percent: Int) -> Bool { below(100) < percent }
        mutating func pick<Value>(_ values: [Value]) -> Value { values[below(values.count)] }
    }

    private struct Row {
        var user: String, item: String
        var rating: Double
        var time: Int64
        var event: String, text: String
    }

    /// A file, how to read it, and the expected rows.
    private struct Trial {
        var name: String
        var bytes: [UInt8]
        var format: RatingsFormat?
        var hints = LayoutHints()
        var options = ReadingOptions()
        var lines: [String]
        /// Whether the file must be read; otherwise it may be refused.
        var mustRead: Bool
    }

    private static func id(_ draws: inout Draws, plain: Bool, latin: Bool) -> String {
        if draws.chance(40) { return "\(draws.chance(1) ? draws.below(3_000_000) : draws.below(60))" }
        let letters = Array("abcXYZ0189-._:/" + (plain ? "" : " ,;|\t\"'#{}[]\\") + (latin ? "éüß" : "é映😀"))
        var id = String((0...draws.below(6)).map { _ in draws.pick(letters) })
        id = id.trimmingBlanks
        return id.isEmpty ? "e" : id
    }

    private static func table(_ draws: inout Draws, plain: Bool, latin: Bool) -> [Row] {
        let users = (0...draws.below(5)).map { _ in id(&draws, plain: plain, latin: latin) }
        let items = (0...draws.below(7)).map { _ in id(&draws, plain: plain, latin: latin) }
        let texts = ["", "good", "a, b; c|d", "say \"x\"", "two\nlines", "1,2,3\n4,5,6", "\"", "é"]
        return (0...draws.below(14)).map { _ in
            Row(
                user: draws.pick(users), item: draws.pick(items), rating: Double(draws.below(11)) / 2,
                time: 1_300_000_000 + Int64(draws.below(100_000_000)), event: draws.pick(["view", "buy", "cart"]),
                text: draws.pick(plain ? ["", "good"] : texts))
        }
    }

    private static func encoded(_ text: String, _ encoding: TextEncoding) -> [UInt8] {
        encoding == .utf8 ? Array(text.utf8) : text.unicodeScalars.map { $0.value < 256 ? UInt8($0.value) : 63 }
    }

    private static func date(_ time: Int64, _ draws: inout Draws) -> String {
        var seconds = time_t(time)
        var parts = tm()
        gmtime_r(&seconds, &parts)
        let day = String(format: "%04d-%02d-%02d", parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday)
        let clock = String(format: "%02d:%02d:%02d", parts.tm_hour, parts.tm_min, parts.tm_sec)
        return day + draws.pick(["T", " "]) + clock + draws.pick(["", "Z", "+00:00", ".000"])
    }

    /// Columns with a delimiter, a header or none, in any order.
    private static func delimited(_ draws: inout Draws) -> Trial? {
        let encoding = draws.pick(TextEncoding.allCases)
        let delimiter = draws.pick([",", "\t", ";", "|", "::", " ", "whitespace", "~"])
        let isQuoted = draws.chance(75)
        let isPlain = !isQuoted || draws.chance(30)
        let rows = table(&draws, plain: isPlain, latin: encoding != .utf8)
        var columns =
            ["user", "item"] + (draws.chance(70) ? ["rating"] : []) + (draws.chance(60) ? ["time"] : [])
            + (draws.chance(30) ? ["event"] : []) + (draws.chance(40) ? ["text"] : [])
        if draws.chance(60) { columns.shuffle(using: &draws) }
        let hasHeader = draws.chance(65)
        let (hasRating, hasTime, hasEvent) = (columns.contains("rating"), columns.contains("time"), columns.contains("event"))
        let comma = hasRating && draws.chance(20) && (isQuoted || delimiter != ",")
        let usesDates = draws.chance(40) && (isQuoted || ![" ", "whitespace", "::"].contains(delimiter))
        let lineEnd = draws.pick(["\n", "\r\n"])
        let separator = delimiter == "whitespace" ? draws.pick([" ", "\t", "  ", " \t"]) : delimiter
        func written(_ field: String) -> String {
            let must =
                field.isEmpty && delimiter == "whitespace" || field.contains { "\"\n\r,;|\t~ ".contains($0) }
                || field.contains("::")
                || delimiter == "::" && (field.hasPrefix(":") || field.hasSuffix(":"))
                || separator.contains { field.contains($0) }
            guard isQuoted, must || draws.chance(20) else { return field }
            return "\"" + field.replacingOccurrences(of: "\"", with: "\"\"") + "\""
        }
        let names = [
            "user": draws.pick(["userId", "USER_ID", "customer_id", "user"]),
            "item": draws.pick(["itemId", "sku", "Product-ID", "movieId"]),
            "rating": draws.pick(["rating", "Stars"]), "time": draws.pick(["timestamp", "purchased_at"]), "event": "event",
            "text": "text",
        ]
        var text = encoding == .utf8 && draws.chance(20) ? "\u{FEFF}" : ""
        if draws.chance(10) { text += lineEnd }
        if hasHeader { text += columns.map { written(names[$0] ?? "") }.joined(separator: separator) + lineEnd }
        var lines: [String] = []
        let filter = hasEvent && draws.chance(50)
        // A field without quotes that contains the delimiter cannot be read back.
        var isReadable = true
        for row in rows {
            let rating = comma ? "\(row.rating)".replacingOccurrences(of: ".", with: ",") : "\(row.rating)"
            let values = [
                "user": row.user, "item": row.item, "rating": rating, "time": usesDates ? date(row.time, &draws) : "\(row.time)",
                "event": row.event, "text": row.text,
            ]
            if !isQuoted {
                isReadable =
                    isReadable
                    && columns.allSatisfy { column in
                        let value = values[column] ?? ""
                        return !separator.contains { value.contains($0) } && (!value.isEmpty || separator.contains(","))
                            && !value.hasPrefix("\"")
                    }
            }
            text += columns.map { written(values[$0] ?? "") }.joined(separator: separator) + lineEnd
            if filter, row.event == "view" { continue }
            lines.append(
                "\(row.user)|\(row.item)" + (hasRating ? "|\(Float(row.rating))" : "")
                    + (hasTime ? "|\(usesDates ? row.time * 1000 : row.time)" : ""))
        }
        if draws.chance(30) { text.removeLast() }
        func place(_ column: String) -> DelimitedColumns.Column? {
            columns.firstIndex(of: column).map { hasHeader && draws.chance(50) ? .name(names[column] ?? "") : .number($0 + 1) }
        }
        var trial = Trial(
            name: "r.csv", bytes: encoded(text, encoding), lines: lines, mustRead: true)
        trial.options = ReadingOptions(
            encoding: encoding, decimalSeparator: comma ? .comma : .point,
            keep: filter ? [.init(column: place("event") ?? "event", values: ["buy", "cart"])] : [],
            allowsQuotes: isQuoted || draws.chance(50),
            keepsTimestamps: hasTime)
        // By options, or by the names in the header; without either only the standard order identifies columns.
        if !hasHeader || draws.chance(50) {
            trial.format = .delimited(
                DelimitedColumns(
                    delimiter: delimiter, hasHeader: hasHeader, user: place("user") ?? 1, item: place("item") ?? 2,
                    rating: place("rating"),
                    timestamp: place("time")))
            let standard = Array(["user", "item", "rating", "time"].prefix(columns.count))
            if !hasHeader, columns == standard, draws.chance(50) {
                (trial.format, trial.mustRead) = (nil, false)
                trial.hints.delimiter = draws.chance(50) ? delimiter : nil
            }
        } else if [" ", "whitespace", "::", "~"].contains(delimiter) || draws.chance(20) {
            trial.hints.delimiter = delimiter
        }
        return isReadable ? trial : nil
    }

    private static func json(_ draws: inout Draws) -> Trial {
        let rows = table(&draws, plain: false, latin: false)
        let isNested = draws.chance(30)
        let names = (user: draws.pick(["user_id", "customer_id"]), item: draws.pick(["business_id", "asin", "sku"]))
        var text = draws.chance(20) ? "\u{FEFF}\n" : ""
        var lines: [String] = []
        for row in rows {
            func string(_ value: String) -> String {
                let encoder = JSONEncoder()
                let data = (try? encoder.encode(value)) ?? Data()
                let json = String(decoding: data, as: UTF8.self)
                if draws.chance(30), Int(value) != nil, !value.hasPrefix("0") || value == "0", !value.hasPrefix("-") {
                    return value
                }
                return json
            }
            var members = [
                "\"\(names.user)\":\(string(row.user))", "\"rating\": \(row.rating)", "\"timestamp\": \(row.time)",
                "\"text\": \(string(row.text + "x"))",
                "\"more\": {\"user_id\": [null, {\"\(names.item)\": \"no\"}]}",
            ]
            members.append(
                isNested ? "\"in\": {\"\(names.item)\": \(string(row.item))}" : "\"\(names.item)\" : \(string(row.item))")
            members.shuffle(using: &draws)
            text += "{" + members.joined(separator: ", ") + "}" + draws.pick(["\n", "\r\n"])
            lines.append("\(row.user)|\(row.item)|\(Float(row.rating))|\(row.time)")
        }
        var trial = Trial(name: "r.jsonl", bytes: Array(text.utf8), lines: lines, mustRead: true)
        trial.options.keepsTimestamps = true
        if isNested || draws.chance(30) {
            trial.format = .jsonLines(
                JSONKeys(
                    user: names.user, item: isNested ? "in.\(names.item)" : names.item, rating: "rating", timestamp: "timestamp"))
        }
        return trial
    }

    private static func lists(_ draws: inout Draws) -> Trial {
        var (text, lines): (String, [String]) = ("", [])
        let isRecognised = draws.chance(50)
        for user in 0...draws.below(8) {
            let items = (0..<draws.below(6)).map { _ in "\(draws.below(50))" }
            text +=
                ([isRecognised ? "\(user * 3)" : "u\(user)"] + items).joined(separator: draws.pick([" ", "  "]))
                + draws.pick(["\n", "\r\n", " \n"])
            lines += items.map { "\(isRecognised ? "\(user * 3)" : "u\(user)")|\($0)" }
        }
        return Trial(
            name: "l.txt", bytes: Array(text.utf8), format: isRecognised ? nil : .userItemLists, lines: lines,
            mustRead: !isRecognised && !lines.isEmpty)
    }

    private static func netflix(_ draws: inout Draws) -> Trial {
        var (text, lines): (String, [String]) = ("", [])
        for movie in 1...(1 + draws.below(6)) {
            text += "\(movie * 7):\n"
            for _ in 0..<draws.below(5) {
                let (user, rating) = (draws.below(3_000), 1 + draws.below(5))
                text += "\(user),\(rating),2005-09-0\(rating)\n"
                lines.append("\(user)|\(movie * 7)|\(Float(rating))")
            }
        }
        return Trial(name: "n.txt", bytes: Array(text.utf8), lines: lines, mustRead: false)
    }

    @Test("a file is read back as it was written, or refused", arguments: 0..<8)
    func readsBack(part: Int) throws {
        let folder = try TemporaryFolder()
        let workers = Workers(count: 1)
        var (read, refused) = (0, 0)
        for number in 0..<1_000 {
            var draws = Draws(state: UInt64(part) << 32 | UInt64(number))
            let kind = draws.below(100)
            let trial =
                kind < 70
                ? Self.delimited(&draws) ?? Self.json(&draws)
                : kind < 85 ? Self.json(&draws) : kind < 95 ? Self.lists(&draws) : Self.netflix(&draws)
            let path = try folder.write(trial.name, bytes: trial.bytes)
            let size = draws.pick([16, 100, 8 << 20])
            do {
                let ratings = try Ratings(path, trial.format, trial.hints, trial.options, workers, blockSize: size)
                #expect(
                    ratings.lines == trial.lines, "\(part), \(number): \(trial) \(String(decoding: trial.bytes, as: UTF8.self))")
                read += 1
            } catch let error as FoldinError {
                // A table may be unreadable, for example with ids that differ by blanks or without rows.
                let isEmpty = trial.lines.isEmpty
                #expect(
                    !trial.mustRead || isEmpty,
                    "\(part), \(number): \(error) \(trial) \(String(decoding: trial.bytes, as: UTF8.self))")
                refused += 1
            }
        }
        #expect(read > 800, "\(refused) refused")
    }
}
