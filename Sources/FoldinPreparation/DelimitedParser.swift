import CFoldinKernels

/// Parses rows of delimited columns.
///
/// Strict: every row has as many columns as the first line, and quotes are closed on their line.
struct DelimitedParser: RowParser {
    enum Role: UInt8 { case other, user, item, rating, timestamp }

    /// The delimiter's first byte, and its second or 0.
    let first: UInt8
    let second: UInt8
    /// Whether fields may stand in double quotes, doubled inside.
    let allowsQuotes: Bool
    /// What each column holds.
    let roles: [Role]

    var hasRatings: Bool { roles.contains(.rating) }

    private typealias Bytes = UnsafePointer<UInt8>

    func parse(_ block: UnsafeRawBufferPointer, into rows: inout RatingsBlock) throws(RowFault) {
        guard var place = block.baseAddress?.assumingMemoryBound(to: UInt8.self) else { return }
        let end = place + block.count
        let hasRatings = hasRatings
        let hasTimestamps = roles.contains(.timestamp)
        let isUsual = second == 0 && (roles == [.user, .item, .rating] || roles == [.user, .item, .rating, .other])
        if isUsual {
            let numbers = RowColumns.ofNumbers(
                at: &place, end: end, delimiter: first, hasFourth: roles.count == 4, seen: rows.seen)
            if place == end {
                rows.numbers = numbers
                rows.lineCount = numbers.count
                return
            }
            rows.take(numbers)
        }
        let expectedRows = block.count / 12
        rows.users.reserveCapacity(expectedRows)
        rows.items.reserveCapacity(expectedRows)
        if hasRatings { rows.ratings.reserveCapacity(expectedRows) }

        let room = 512
        let codes = UnsafeMutablePointer<UInt32>.allocate(capacity: 2 * room)
        let ratings = UnsafeMutablePointer<Float>.allocate(capacity: room)
        defer {
            codes.deallocate()
            ratings.deallocate()
        }
        let found = foldin_rows(users: codes, items: codes + room, ratings: ratings, room: room)
        while place < end {
            if isUsual {
                readUsual(&place, end, found, &rows)
                if place == end { break }
            }
            rows.lineCount += 1
            if let next = afterLineEnd(place) {
                place = next
                continue
            }
            var user: UInt32 = 0
            var item: UInt32 = 0
            var rating: Float = 0
            var column = 0
            let line = place
            while true {
                switch roles[column] {
                case .user: user = try id(&place, &rows.userIds, "a user")
                case .item: item = try id(&place, &rows.itemIds, "an item")
                case .rating: rating = try self.rating(&place)
                case .timestamp:
                    rows.timestamps.append(try field(&place) { bytes throws(RowFault) in try Field.timestamp(bytes) })
                case .other: try skip(&place)
                }
                column += 1
                if isDelimiter(place) {
                    place += second == 0 ? 1 : 2
                    if column == roles.count { throw wrongCount(line) }
                } else if let next = afterLineEnd(place) {
                    place = next
                    break
                } else {
                    throw RowFault(bytes: rest(line), expected: "a delimiter after each field")
                }
            }
            guard column == roles.count else { throw wrongCount(line) }
            rows.users.append(user)
            rows.items.append(item)
            if hasRatings { rows.ratings.append(rating) }
        }
        precondition(!hasTimestamps || rows.timestamps.count == rows.users.count, "a time for each row")
    }

    /// Moves past the rows of small whole numbers met before and a rating, see `foldin_usual_rows`; others are looked at with care.
    private func readUsual(_ place: inout Bytes, _ end: Bytes, _ found: foldin_rows, _ rows: inout RatingsBlock) {
        var count = 0
        repeat {
            count = rows.userIds.withSmallCodes { userCodes in
                rows.itemIds.withSmallCodes { itemCodes in
                    foldin_usual_rows(&place, end, first, roles.count == 4, userCodes, itemCodes, found)
                }
            }
            rows.users.append(contentsOf: UnsafeBufferPointer(start: found.users, count: count))
            rows.items.append(contentsOf: UnsafeBufferPointer(start: found.items, count: count))
            rows.ratings.append(contentsOf: UnsafeBufferPointer(start: found.ratings, count: count))
            rows.lineCount += count
        } while count == found.room
    }

    // MARK: Places. A line ends in a newline, so looking one byte past any other byte stays inside the block.

    @inline(__always)
    private func isDelimiter(_ place: Bytes) -> Bool {
        place.pointee == first && (second == 0 || place[1] == second)
    }

    @inline(__always)
    private func afterLineEnd(_ place: Bytes) -> Bytes? {
        if place.pointee == 10 { return place + 1 }
        return place.pointee == 13 && place[1] == 10 ? place + 2 : nil
    }

    @inline(__always)
    private func endOfField(_ start: Bytes) -> Bytes {
        var place = start
        while !isDelimiter(place) && afterLineEnd(place) == nil { place += 1 }
        return place
    }

    // MARK: Fields

    @inline(__always)
    private func id(_ place: inout Bytes, _ table: inout IdTable, _ kind: StaticString) throws(RowFault) -> UInt32 {
        var value = 0
        var end = place
        var digit = end.pointee &- 48
        while digit <= 9 {
            value = value &* 10 &+ Int(digit)
            end += 1
            digit = end.pointee &- 48
        }
        let count = end - place
        if count >= 1, count <= 7, count == 1 || place.pointee != 48, isDelimiter(end) || end.pointee == 10,
            let code = table.code(ofSmall: value)
        {
            place = end
            return code
        }
        return try unusualId(&place, &table, kind)
    }

    private func unusualId(_ place: inout Bytes, _ table: inout IdTable, _ kind: StaticString) throws(RowFault) -> UInt32 {
        try field(&place) { bytes throws(RowFault) in
            try Field.check(bytes, kind)
            guard table.count < IdTable.capacity else {
                throw RowFault(found: "more than \(IdTable.capacity) different ids", expected: "at most as many")
            }
            return table.code(of: bytes)
        }
    }

    @inline(__always)
    private func rating(_ place: inout Bytes) throws(RowFault) -> Float {
        if let (value, end) = Field.plainRating(place), isDelimiter(end) || end.pointee == 10 {
            place = end
            return value
        }
        return try field(&place) { bytes throws(RowFault) in try Field.rating(bytes) }
    }

    @inline(__always)
    private func skip(_ place: inout Bytes) throws(RowFault) {
        if allowsQuotes && place.pointee == 34 {
            try field(&place) { _ throws(RowFault) in }
        } else {
            place = endOfField(place)
        }
    }

    /// Calls `body` with the bytes of the field at `place`, without its quotes, and moves past it.
    private func field<Value>(
        _ place: inout Bytes, _ body: (UnsafeRawBufferPointer) throws(RowFault) -> Value
    ) throws(RowFault) -> Value {
        guard allowsQuotes && place.pointee == 34 else {
            let start = place
            place = endOfField(place)
            return try body(UnsafeRawBufferPointer(start: start, count: place - start))
        }
        let start = place
        var unquoted: [UInt8] = []
        place += 1
        while true {
            if place.pointee == 10 { throw RowFault(bytes: rest(start), expected: "a closing quote on the same line") }
            if place.pointee == 34 {
                place += 1
                if place.pointee != 34 { break }
            }
            unquoted.append(place.pointee)
            place += 1
        }
        var result: Result<Value, RowFault>?
        unquoted.withUnsafeBytes { bytes in
            result = Result { () throws(RowFault) in try body(bytes) }
        }
        guard let result else { throw RowFault(bytes: rest(start), expected: "a field") }
        return try result.get()
    }

    // MARK: Messages

    private func rest(_ line: Bytes) -> UnsafeBufferPointer<UInt8> {
        var end = line
        while end.pointee != 10 && end - line < 60 { end += 1 }
        return UnsafeBufferPointer(start: line, count: end - line)
    }

    private func wrongCount(_ line: Bytes) -> RowFault {
        RowFault(
            found: "'\(String(decoding: rest(line), as: UTF8.self))'",
            expected: "\(roles.count) column\(roles.count == 1 ? "" : "s"), as in the first line")
    }
}
