import CFoldinKernels

/// Parses rows of delimited columns.
///
/// Strict: every row has as many columns as the first line. Fields may be in double quotes, doubled inside; a quoted field may hold
/// delimiters and line breaks (RFC 4180) and up to `quoteLimit` bytes.
struct DelimitedParser: RatingsParser {
    enum Role: UInt8 { case other, user, item, rating, timestamp }

    /// The longest quoted field, in bytes, so that a missing closing quote does not swallow a file.
    static let quoteLimit = 1 << 20

    /// What separates columns: one byte, two, or any number of blanks and tabs.
    let delimiter: Delimiter
    let options: ReadingOptions
    /// What each column holds.
    let roles: [Role]
    let notation: TimeNotation
    /// For each column that is filtered, the values to keep; nil for the others.
    let keptValues: [Set<[UInt8]>?]
    /// The header's fields of user and item; a row that repeats them is refused.
    let header: (user: [UInt8], item: [UInt8])?
    let layout: String

    // Copies of what the inner loops read.
    let first: UInt8
    let second: UInt8
    let isWhitespace: Bool
    let allowsQuotes: Bool
    let hasPoints: Bool
    let hasFilters: Bool
    let hasTimes: Bool
    let encoding: TextEncoding

    var appliesFilters: Bool { true }
    var hasRatings: Bool { roles.contains(.rating) }
    var usesCalendar: Bool { notation == .calendar }

    typealias Bytes = UnsafePointer<UInt8>

    /// The place of a field, without its quotes.
    struct FieldPlace {
        var start: Bytes
        var count: Int
        var hasDoubledQuotes = false
    }

    func parse(_ block: UnsafeRawBufferPointer, isLast: Bool, into rows: inout RatingsBlock) throws(RowFault) {
        guard let start = block.baseAddress?.assumingMemoryBound(to: UInt8.self) else { return }
        var place = start
        let end = place + block.count
        let hasRatings = hasRatings
        let hasFixedLayout =
            second == 0 && !isWhitespace && !hasFilters && hasPoints
            && (roles == [.user, .item, .rating] || roles == [.user, .item, .rating, .other])
        if hasFixedLayout {
            let numbers = RowColumns.ofNumbers(
                at: &place, end: end, delimiter: first, hasFourth: roles.count == 4, seen: rows.seen)
            if place == end {
                rows.numbers = numbers
                rows.lineCount = numbers.count
                return
            }
            rows.append(numbers)
        }
        let expectedRows = block.count / 12
        rows.users.reserveCapacity(expectedRows)
        rows.items.reserveCapacity(expectedRows)
        if hasRatings { rows.ratings.reserveCapacity(expectedRows) }

        let capacity = 512
        let codes = UnsafeMutablePointer<UInt32>.allocate(capacity: 2 * capacity)
        let ratings = UnsafeMutablePointer<Float>.allocate(capacity: capacity)
        defer {
            codes.deallocate()
            ratings.deallocate()
        }
        let found = foldin_rows(users: codes, items: codes + capacity, ratings: ratings, capacity: capacity)
        while place < end {
            if hasFixedLayout {
                readFixedLayout(&place, end, found, &rows)
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
                try rows.skip(error, limit: options.badRowLimit)
                place = line
                while place.pointee != 10 { place += 1 }
                place += 1
            }
        }
    }

    /// Reads a row and moves past its line end. Ids get codes only if the whole row is valid.
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
                // It has been read.
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
                if hasFilters, let values = keptValues[column], isKept {
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

    /// Reads and moves past rows of fixed layout whose ids are small whole numbers with a code, and a rating; see `foldin_read_coded_rows`. Stops
    /// at the first other row.
    private func readFixedLayout(_ place: inout Bytes, _ end: Bytes, _ found: foldin_rows, _ rows: inout RatingsBlock) {
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
}
