/// Parses Amazon's reviews, a JSON object a line.
struct AmazonParser: RowParser {
    let keepsTimestamps: Bool

    var hasRatings: Bool { true }

    private enum Role { case user, item, rating, timestamp }

    private static let roles: [(key: [UInt8], role: Role)] = [
        (Array("reviewerID".utf8), .user), (Array("user_id".utf8), .user), (Array("asin".utf8), .item),
        (Array("parent_asin".utf8), .item), (Array("overall".utf8), .rating), (Array("rating".utf8), .rating),
        (Array("unixReviewTime".utf8), .timestamp), (Array("timestamp".utf8), .timestamp),
    ]

    func parse(_ block: UnsafeRawBufferPointer, into rows: inout RatingsBlock) throws(RowFault) {
        var place = 0
        while place < block.count {
            let end = block[place...].firstIndex(of: 10) ?? block.count
            rows.lineCount += 1
            let line = UnsafeRawBufferPointer(rebasing: block[place..<end])
            place = end + 1
            if line.allSatisfy({ $0 == 32 || $0 == 13 || $0 == 9 }) { continue }
            try parse(line: line, into: &rows)
        }
    }

    private func parse(line: UnsafeRawBufferPointer, into rows: inout RatingsBlock) throws(RowFault) {
        var user: UInt32?
        var item: UInt32?
        var rating: Float?
        var timestamp: Int64?
        var object = JSONLine(line)
        try object.forEachMember { (key, value) throws(RowFault) in
            guard let role = Self.roles.first(where: { key.elementsEqual($0.key) })?.role else { return }
            switch role {
            case .user where user == nil: user = try Self.code(of: value, line, &rows.userIds, "a user")
            case .item where item == nil: item = try Self.code(of: value, line, &rows.itemIds, "an item")
            case .rating where rating == nil: rating = try Field.rating(Self.bytes(of: value, line, "a rating, a number"))
            case .timestamp where keepsTimestamps && timestamp == nil:
                timestamp = try Field.timestamp(Self.bytes(of: value, line, "a time in seconds"))
            default: break
            }
        }
        guard let user, let item, let rating else {
            let missing = user == nil ? "reviewerID (or user_id)" : item == nil ? "asin" : "overall (or rating)"
            throw RowFault(bytes: line, expected: "an object with \(missing)")
        }
        if keepsTimestamps {
            guard let timestamp else { throw RowFault(bytes: line, expected: "an object with unixReviewTime (or timestamp)") }
            rows.timestamps.append(timestamp)
        }
        rows.users.append(user)
        rows.items.append(item)
        rows.ratings.append(rating)
    }

    private static func bytes(
        of value: JSONLine.Value, _ line: UnsafeRawBufferPointer, _ expected: String
    ) throws(RowFault) -> UnsafeRawBufferPointer {
        switch value {
        case .string(let range, _), .word(let range): return UnsafeRawBufferPointer(rebasing: line[range])
        case .other: throw RowFault(found: "an object or array", expected: expected)
        }
    }

    private static func code(
        of value: JSONLine.Value, _ line: UnsafeRawBufferPointer, _ table: inout IdTable, _ kind: StaticString
    ) throws(RowFault) -> UInt32 {
        let bytes = try bytes(of: value, line, "\(kind) id")
        guard case .string(_, hasEscapes: true) = value else {
            try Field.check(bytes, kind)
            return table.code(of: bytes)
        }
        let unescaped = try JSONLine.unescaped(bytes)
        let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: unescaped.count, alignment: 1)
        defer { copy.deallocate() }
        copy.copyBytes(from: unescaped)
        try Field.check(UnsafeRawBufferPointer(copy), kind)
        return table.code(of: UnsafeRawBufferPointer(copy))
    }
}
