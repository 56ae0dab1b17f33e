import CFoldinKernels
import Foundation

/// Parses rows of delimited columns.
///
/// Strict: every row has as many columns as the first line. Fields may stand in double quotes, doubled inside; a quoted field may hold
/// delimiters and line breaks (RFC 4180) and take up to `quoteLimit` bytes.
struct DelimitedParser: RowParser {
    enum Role: UInt8 { case other, user, item, rating, timestamp }

    /// The longest quoted field, so that a quote that nobody closes does not swallow a file.
    static let quoteLimit = 1 << 20

    /// What separates columns: one byte, two, or any number of blanks and tabs.
    let delimiter: Delimiter
    let options: ReadingOptions
    /// What each column holds.
    let roles: [Role]
    let notation: TimeNotation
    /// For each column the values of which one is asked for; nil for most.
    let wanted: [Set<[UInt8]>?]
    /// The header's fields of user and item, which no row may repeat.
    let header: (user: [UInt8], item: [UInt8])?
    let layout: String

    // What the loops ask for, kept where a load finds it.
    let first: UInt8
    let second: UInt8
    let isWhitespace: Bool
    let allowsQuotes: Bool
    let hasPoints: Bool
    let hasFilters: Bool
    let hasTimes: Bool
    let encoding: TextEncoding

    var hasRatings: Bool { roles.contains(.rating) }
    var usesCalendar: Bool { notation == .calendar }

    private typealias Bytes = UnsafePointer<UInt8>

    /// Where a field stands, without its quotes.
    private struct FieldPlace {
        var start: Bytes
        var count: Int
        var hasDoubledQuotes = false
    }

    func parse(_ block: UnsafeRawBufferPointer, isLast: Bool, into rows: inout RatingsBlock) throws(RowFault) {
        guard let start = block.baseAddress?.assumingMemoryBound(to: UInt8.self) else { return }
        var place = start
        let end = place + block.count
        let hasRatings = hasRatings
        let isUsual =
            second == 0 && !isWhitespace && !hasFilters && hasPoints
            && (roles == [.user, .item, .rating] || roles == [.user, .item, .rating, .other])
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
        let found = foldin_rows(users: codes, items: codes + room, ratings: ratings, capacity: room)
        while place < end {
            if isUsual {
                readUsual(&place, end, found, &rows)
                if place == end { break }
            }
            if let next = afterBlankLine(place) {
                rows.lineCount += 1
                place = next
                continue
            }
            let line = place
            do throws(RowFault) {
                try row(&place, end, &rows)
                rows.lineCount += 1
            } catch {
                if error.isOpenQuote, !isLast {
                    rows.openRow = line - start
                    break
                }
                rows.lineCount += 1
                try rows.pass(over: error, limit: options.badRowLimit)
                place = line
                while place.pointee != 10 { place += 1 }
                place += 1
            }
        }
        precondition(rows.timestamps.isEmpty || rows.timestamps.count == rows.users.count, "a time for each row")
    }

    /// Reads a row and moves past its line end. Ids are numbered only if the whole row is as it must be.
    private func row(_ place: inout Bytes, _ end: Bytes, _ rows: inout RatingsBlock) throws(RowFault) {
        let line = place
        var (userCode, itemCode): (UInt32?, UInt32?) = (nil, nil)
        var (user, item): (FieldPlace?, FieldPlace?) = (nil, nil)
        var rating: Float = 0
        var time: Int64 = 0
        var isKept = true
        var lineBreaks = 0
        var column = 0
        if isWhitespace { place = afterBlanks(place) }
        fields: while true {
            let role = roles[column]
            if !hasFilters {
                switch role {
                case .user: userCode = smallCode(&place, &rows.userIds)
                case .item: itemCode = smallCode(&place, &rows.itemIds)
                case .rating where hasPoints:
                    if let (value, next) = Field.plainRating(place), isDelimiter(next) || next.pointee == 10 {
                        (rating, place) = (value, next)
                        column += 1
                        if try isEnd(of: line, &place, column) { break fields }
                        continue fields
                    }
                default: break
                }
            }
            if role == .user && userCode != nil || role == .item && itemCode != nil {
                // Read already.
            } else if role == .other, !hasFilters, !(allowsQuotes && (place.pointee == 34 || place.pointee == 32)) {
                place = endOfField(place)
            } else {
                let field = try field(&place, end, &lineBreaks)
                switch role {
                case .user: user = field
                case .item: item = field
                case .rating:
                    rating = try withBytes(of: field) { bytes throws(RowFault) in
                        try Field.rating(bytes, options.decimalSeparator)
                    }
                case .timestamp: time = try withBytes(of: field) { bytes throws(RowFault) in try notation.time(bytes) }
                case .other: break
                }
                if hasFilters, let values = wanted[column], isKept {
                    isKept = try withBytes(of: field) { bytes throws(RowFault) in values.contains(encoding.utf8(bytes)) }
                }
            }
            column += 1
            if try isEnd(of: line, &place, column) { break fields }
        }
        rows.lineCount += lineBreaks
        guard isKept else {
            rows.notKept += 1
            return
        }
        if let header, let user, let item, user.count == header.user.count, item.count == header.item.count,
            header.user.elementsEqual(UnsafeBufferPointer(start: user.start, count: user.count)),
            header.item.elementsEqual(UnsafeBufferPointer(start: item.start, count: item.count))
        {
            rows.lineCount -= lineBreaks
            throw RowFault(bytes: rest(line), expected: "a row, not the header again")
        }
        do throws(RowFault) {
            if userCode == nil { userCode = try code(of: user, &rows.userIds, "a user") }
            if itemCode == nil { itemCode = try code(of: item, &rows.itemIds, "an item") }
        } catch {
            rows.lineCount -= lineBreaks
            throw error
        }
        guard let userCode, let itemCode else { return }
        rows.users.append(userCode)
        rows.items.append(itemCode)
        if hasRatings { rows.ratings.append(rating) }
        if hasTimes { rows.timestamps.append(time) }
    }

    /// Whether the row ends after the field that ends at `place`, `column` fields having been read; moves past the delimiter or the line end.
    @inline(__always)
    private func isEnd(of line: Bytes, _ place: inout Bytes, _ column: Int) throws(RowFault) -> Bool {
        var next = place
        if isWhitespace { next = afterBlanks(next) }
        if let after = afterLineEnd(next) {
            guard column == roles.count else { throw wrongCount(line) }
            place = after
            return true
        }
        guard isDelimiter(place) else {
            throw RowFault(bytes: rest(line), expected: "a delimiter after each field, and quotes doubled inside quotes")
        }
        guard column < roles.count else { throw wrongCount(line) }
        place = isWhitespace ? next : place + (second == 0 ? 1 : 2)
        return false
    }

    /// Moves past the rows of small whole numbers met before and a rating, see `foldin_read_coded_rows`; others are looked at with care.
    private func readUsual(_ place: inout Bytes, _ end: Bytes, _ found: foldin_rows, _ rows: inout RatingsBlock) {
        var count = 0
        repeat {
            count = rows.userIds.withSmallCodes { userCodes in
                rows.itemIds.withSmallCodes { itemCodes in
                    foldin_read_coded_rows(&place, end, first, roles.count == 4, userCodes, itemCodes, found)
                }
            }
            rows.users.append(contentsOf: UnsafeBufferPointer(start: found.users, count: count))
            rows.items.append(contentsOf: UnsafeBufferPointer(start: found.items, count: count))
            rows.ratings.append(contentsOf: UnsafeBufferPointer(start: found.ratings, count: count))
            rows.lineCount += count
        } while count == found.capacity
    }

    // MARK: Places. A line ends in a newline, so looking one byte past any other byte stays inside the block.

    @inline(__always)
    private func isDelimiter(_ place: Bytes) -> Bool {
        if isWhitespace { return place.pointee == 32 || place.pointee == 9 }
        return place.pointee == first && (second == 0 || place[1] == second)
    }

    @inline(__always)
    private func afterLineEnd(_ place: Bytes) -> Bytes? {
        if place.pointee == 10 { return place + 1 }
        return place.pointee == 13 && place[1] == 10 ? place + 2 : nil
    }

    private func afterBlanks(_ start: Bytes) -> Bytes {
        var place = start
        while place.pointee == 32 || place.pointee == 9 { place += 1 }
        return place
    }

    @inline(__always)
    private func afterBlankLine(_ place: Bytes) -> Bytes? {
        if place.pointee > 32 { return nil }
        var next = place
        while next.pointee == 32 { next += 1 }
        return afterLineEnd(next)
    }

    @inline(__always)
    private func endOfField(_ start: Bytes) -> Bytes {
        var place = start
        while !isDelimiter(place) && afterLineEnd(place) == nil { place += 1 }
        return place
    }

    // MARK: Fields

    /// The code of the id at `place` if it is a small whole number that has one already; then moves past it.
    @inline(__always)
    private func smallCode(_ place: inout Bytes, _ table: inout IdTable) -> UInt32? {
        guard place.pointee &- 48 <= 9 else { return nil }
        var value = 0
        var end = place
        var digit = end.pointee &- 48
        while digit <= 9 {
            value = value &* 10 &+ Int(digit)
            end += 1
            digit = end.pointee &- 48
        }
        let count = end - place
        guard count >= 1, count <= 7, count == 1 || place.pointee != 48, isDelimiter(end) || end.pointee == 10,
            let code = table.code(ofSmall: value)
        else { return nil }
        place = end
        return code
    }

    private func code(of field: FieldPlace?, _ table: inout IdTable, _ kind: StaticString) throws(RowFault) -> UInt32 {
        guard let field else { throw RowFault(found: "nothing", expected: "\(kind) id") }
        return try withBytes(of: field) { bytes throws(RowFault) in try Field.code(of: bytes, encoding, &table, kind) }
    }

    /// The field at `place`, which is moved past it and past blanks after a closing quote. Counts the line breaks inside.
    @inline(__always)
    private func field(_ place: inout Bytes, _ end: Bytes, _ lineBreaks: inout Int) throws(RowFault) -> FieldPlace {
        if allowsQuotes, place.pointee == 34 || place.pointee == 32 {
            var open = place
            while open.pointee == 32, !isDelimiter(open) { open += 1 }
            if open.pointee == 34 { return try quotedField(&place, open, end, &lineBreaks) }
        }
        let start = place
        place = endOfField(place)
        return FieldPlace(start: start, count: place - start)
    }

    /// The field whose opening quote is at `open`.
    private func quotedField(
        _ place: inout Bytes, _ open: Bytes, _ end: Bytes, _ lineBreaks: inout Int
    ) throws(RowFault) -> FieldPlace {
        var field = FieldPlace(start: open + 1, count: 0)
        var next = open + 1
        let limit = min(end - next, Self.quoteLimit)
        let last = next + limit
        while true {
            guard next < last, let found = memchr(next, 34, last - next) else {
                var fault = RowFault(bytes: rest(open), expected: "a closing quote within \(Self.quoteLimit) bytes")
                fault.isOpenQuote = last == end
                throw fault
            }
            // The block ends in a newline, so one byte follows.
            next = Bytes(found.assumingMemoryBound(to: UInt8.self)) + 1
            if next.pointee != 34 { break }
            field.hasDoubledQuotes = true
            next += 1
        }
        field.count = next - 1 - field.start
        for byte in UnsafeBufferPointer(start: field.start, count: field.count) where byte == 10 { lineBreaks += 1 }
        while next.pointee == 32, !isDelimiter(next) { next += 1 }
        place = next
        return field
    }

    /// Calls `body` with the bytes of a field, doubled quotes made one.
    private func withBytes<Value>(
        of field: FieldPlace, _ body: (UnsafeRawBufferPointer) throws(RowFault) -> Value
    ) throws(RowFault) -> Value {
        guard field.hasDoubledQuotes else { return try body(UnsafeRawBufferPointer(start: field.start, count: field.count)) }
        let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: field.count, alignment: 1)
        defer { copy.deallocate() }
        var (count, place) = (0, 0)
        while place < field.count {
            copy[count] = field.start[place]
            place += field.start[place] == 34 ? 2 : 1
            count += 1
        }
        return try body(UnsafeRawBufferPointer(rebasing: copy[..<count]))
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
