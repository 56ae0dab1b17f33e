import FoldinInteractions

extension RatingsFormat {
    /// A user and then the user's items on each line, separated by blanks; every listed item is a click.
    public static let userItemLists = RatingsFormat(name: "user-item-lists") { UserItemListParser(options: $0.options) }
}

extension RatingsFormat.Kind {
    /// Recognised by ids separated by blanks without any other delimiter, one line per user. Refuses lines that may be rows with columns.
    static let userItemLists = Self(name: "user-item-lists", format: .userItemLists) { sample in
        guard sample.leavesColumnsOpen, !sample.isSeparated(by: ",", "\t", ";", "|"), try sample.header() == nil else {
            return nil
        }
        try sample.refuseRowsWithColumns()
        return RecognisedLayout(
            RatingsFormat(name: "user-item-lists") { UserItemListParser(options: $0.options, isRecognised: true) })
    }
}

extension LayoutSample {
    /// Refuses lines that do not look like lists of items.
    fileprivate func refuseRowsWithColumns() throws {
        let lines = lines(2_000)
        let rows = lines.map { fields(of: $0, delimiter: DelimitedColumns.whitespace) }
        let isList =
            rows[0].allSatisfy { word in !word.contains { ",;|\t:\"".contains($0) } }
            && (rows[0].count > 1 || rows[0].allSatisfy { Int($0) != nil })
            && rows[0].prefix(20).allSatisfy { word in word.utf8.contains { $0 >= 48 && $0 <= 57 } }
        guard isList else { throw unrecognised }
        let isEven = rows.count > 1 && (3...4).contains(rows[0].count) && rows.allSatisfy { $0.count == rows[0].count }
        let hasRepeatedUsers = Set(rows.map { $0[0] }).count < rows.count
        let hasDecimals = rows.contains { row in
            row.contains { word in Array(word.utf8).withUnsafeBytes { UserItemListParser.hasDecimals($0) } }
        }
        guard isEven || hasRepeatedUsers || hasDecimals else { return }
        let evidence =
            hasRepeatedUsers
            ? "the same user on several lines"
            : hasDecimals ? "numbers with decimals" : "\(rows[0].count) values on every line"
        throw error(
            "'\(excerpt)' and \(evidence)", "either columns separated by blanks, or a list of items per user", .rowsOrLists)
    }
}

/// Parses lines of a user and then the user's items, separated by blanks. A line may have a user only.
struct UserItemListParser: RatingsParser {
    let options: ReadingOptions
    /// Whether the layout was recognised and not given; then an item with decimals is probably a rating and refused.
    var isRecognised = false

    var layout: String { "a user and then the user's items on each line, separated by blanks" }

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
            if isRecognised, let decimal = ids.first(where: Self.hasDecimals) {
                throw RowFault(
                    bytes: decimal, expected: "a list of items, whose ids are not numbers with decimals", reason: .rowsOrLists)
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
            if isRecognised { rows.listUsers.append((user, rows.lineCount)) }
        }
    }

    /// Whether an id looks like a rating such as `4.5`.
    static func hasDecimals(_ id: UnsafeRawBufferPointer) -> Bool {
        guard let point = id.firstIndex(of: UInt8(ascii: ".")), point > 0, point + 1 < id.count else { return false }
        return id.indices.allSatisfy { $0 == point || (48...57).contains(id[$0]) }
    }
}
