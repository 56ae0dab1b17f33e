import FoldinSupport

/// Reads the files of index pairs in a prepared directory: a header, then one `user,item` per line.
struct IndexPairParser {
    private static let userNames: Set = ["user", "uid", "userId", "user_id"]
    private static let itemNames: Set = ["item", "iid", "sid", "itemId", "item_id", "movieId"]

    let path: String
    /// The number of items: every item index is below it.
    let itemCount: Int
    /// The number of users: every user index is below it.
    let userCount: Int
    /// Where `userCount` comes from, for messages.
    let userBound: String

    /// All rows of the file.
    ///
    /// - Throws: `FoldinError` of kind `badData` with the line of the first invalid row.
    func parse() throws -> PreparedRows.Part {
        try MappedFile(contentsOf: path, onlyRegular: true).withBytes(parse)
    }

    private func parse(_ bytes: UnsafeRawBufferPointer) throws -> PreparedRows.Part {
        var place = try skipHeader(bytes)
        var line = 2
        var part = PreparedRows.Part()
        part.users.reserveCapacity(bytes.count / 10)
        part.items.reserveCapacity(bytes.count / 10)
        while place < bytes.count {
            if Self.isLineEnd(bytes, place) {
                // A blank line; some programs write one at the end.
                place += bytes[place] == 13 ? 2 : 1
                line += 1
                continue
            }
            let user = try number(bytes, &place, line, below: userCount, "user index", userBound)
            guard place < bytes.count, bytes[place] == UInt8(ascii: ",") else {
                throw error(line, bytes, place, "a comma after the user index")
            }
            place += 1
            let item = try number(bytes, &place, line, below: itemCount, "item index", "the ids in unique_sid.txt")
            guard place == bytes.count || Self.isLineEnd(bytes, place) else {
                throw error(line, bytes, place, "the end of the line after the item index")
            }
            part.users.append(user)
            part.items.append(item)
            if place < bytes.count { place += bytes[place] == 13 ? 2 : 1 }
            line += 1
        }
        return part
    }

    private func skipHeader(_ bytes: UnsafeRawBufferPointer) throws -> Int {
        let end = bytes.firstIndex(of: 10) ?? bytes.count
        var header = String(decoding: bytes[..<min(end, 200)], as: UTF8.self)
        if header.hasPrefix("\u{FEFF}") { header.removeFirst() }
        let names = header.split(separator: ",", omittingEmptySubsequences: false).map { $0.trimmed }
        guard names.count == 2, Self.userNames.contains(names[0]), Self.itemNames.contains(names[1]) else {
            throw FoldinError(
                .badData, file: path, line: 1, found: bytes.isEmpty ? "an empty file" : "'\(header.prefix(60))'",
                expected: "the header 'user,item' or 'uid,sid'")
        }
        return min(end + 1, bytes.count)
    }

    @inline(__always)
    private func number(
        _ bytes: UnsafeRawBufferPointer, _ place: inout Int, _ line: Int, below bound: Int, _ name: String, _ boundName: String
    ) throws -> Int32 {
        let start = place
        var value = 0
        while place < bytes.count {
            let digit = Int(bytes[place]) - 48
            guard digit >= 0 && digit <= 9 else { break }
            value = min(value &* 10 &+ digit, 1 << 40)
            place += 1
        }
        guard place > start else { throw error(line, bytes, start, "a whole number, the \(name)") }
        guard value < bound else {
            let found = String(decoding: bytes[start..<min(place, start + 40)], as: UTF8.self)
            throw FoldinError(
                .badData, file: path, line: line, found: "\(name) \(found)", expected: "less than \(bound), from \(boundName)")
        }
        return Int32(truncatingIfNeeded: value)
    }

    @inline(__always)
    private static func isLineEnd(_ bytes: UnsafeRawBufferPointer, _ place: Int) -> Bool {
        bytes[place] == 10 || (bytes[place] == 13 && (place + 1 == bytes.count || bytes[place + 1] == 10))
    }

    private func error(_ line: Int, _ bytes: UnsafeRawBufferPointer, _ place: Int, _ expected: String) -> FoldinError {
        var start = min(place, bytes.count)
        while start > 0, bytes[start - 1] != 10 { start -= 1 }
        let text = bytes[start...].prefix(60).prefix { $0 != 10 && $0 != 13 }
        return FoldinError(
            .badData, file: path, line: line, found: "'\(String(decoding: text, as: UTF8.self))'", expected: expected)
    }
}

extension Substring {
    fileprivate var trimmed: String { String(self).filter { !$0.isWhitespace && $0 != "\"" } }
}
