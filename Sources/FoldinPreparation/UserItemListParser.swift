/// Parses lines of a user and then the user's items, separated by blanks. A line may have a user only.
struct UserItemListParser: RowParser {
    let options: ReadingOptions
    /// Whether the layout was recognised rather than asked for: then an item with decimals is taken for a rating, and refused.
    var isGuess = false

    var hasRatings: Bool { false }
    var usesCalendar: Bool { false }
    var layout: String { "a user and then the user's items on each line, separated by blanks" }

    static let otherwise = "--delimiter whitespace for columns separated by blanks, --format user-item-lists for lists of items"

    func parse(_ block: UnsafeRawBufferPointer, isLast: Bool, into rows: inout RatingsBlock) throws(RowFault) {
        try forEachLine(of: block, &rows) { (line, rows) throws(RowFault) in
            var ids: [UnsafeRawBufferPointer] = []
            var place = 0
            while place < line.count {
                let start = place
                while place < line.count, line[place] != 32, line[place] != 9 { place += 1 }
                if place > start { ids.append(UnsafeRawBufferPointer(rebasing: line[start..<place])) }
                place += 1
            }
            if isGuess, let decimal = ids.first(where: Self.hasDecimals) {
                throw RowFault(bytes: decimal, expected: "a list of items, which are no numbers with decimals; \(Self.otherwise)")
            }
            let user = try Field.code(of: ids[0], options.encoding, &rows.userIds, "a user")
            let known = rows.items.count
            do throws(RowFault) {
                for id in ids.dropFirst() {
                    rows.items.append(try Field.code(of: id, options.encoding, &rows.itemIds, "an item"))
                }
            } catch {
                rows.items.removeSubrange(known...)
                throw error
            }
            rows.users.append(contentsOf: repeatElement(user, count: ids.count - 1))
            if isGuess { rows.listUsers.append((user, rows.lineCount)) }
        }
    }

    /// Whether an id looks like a rating such as `4.5`.
    static func hasDecimals(_ id: UnsafeRawBufferPointer) -> Bool {
        guard let point = id.firstIndex(of: UInt8(ascii: ".")), point > 0, point + 1 < id.count else { return false }
        return id.indices.allSatisfy { $0 == point || (48...57).contains(id[$0]) }
    }
}
