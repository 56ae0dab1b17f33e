/// The fields of a row, and the places between them.
extension DelimitedParser {
    // MARK: Places. A block ends in a newline, so the byte after any other byte is inside the block.

    @inline(__always)
    func isDelimiter(_ place: Bytes) -> Bool {
        if isWhitespace { return place.pointee == 32 || place.pointee == 9 }
        return place.pointee == first && (second == 0 || place[1] == second)
    }

    @inline(__always)
    func afterLineEnd(_ place: Bytes) -> Bytes? {
        if place.pointee == 10 { return place + 1 }
        return place.pointee == 13 && place[1] == 10 ? place + 2 : nil
    }

    func afterBlanks(_ start: Bytes) -> Bytes {
        var place = start
        while place.pointee == 32 || place.pointee == 9 { place += 1 }
        return place
    }

    @inline(__always)
    func afterBlankLine(_ place: Bytes) -> Bytes? {
        if place.pointee > 32 { return nil }
        var next = place
        while next.pointee == 32 { next += 1 }
        return afterLineEnd(next)
    }

    @inline(__always)
    func endOfField(_ start: Bytes) -> Bytes {
        var place = start
        while !isDelimiter(place) && afterLineEnd(place) == nil { place += 1 }
        return place
    }

    // MARK: Fields

    /// The code of the id at `place` if it is a small whole number with a code; then moves past it.
    @inline(__always)
    func smallCode(_ place: inout Bytes, _ table: inout IdTable) -> UInt32? {
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

    func code(of field: FieldPlace?, _ table: inout IdTable, _ kind: StaticString) throws(RowFault) -> UInt32 {
        guard let field else { throw RowFault(found: "nothing", expected: "\(kind) id") }
        return try withBytes(of: field) { bytes throws(RowFault) in try Field.code(of: bytes, encoding, &table, kind) }
    }

    /// The field at `place`, which is moved past it and past blanks after a closing quote. Counts the line breaks in it.
    @inline(__always)
    func field(_ place: inout Bytes, _ end: Bytes, _ lineBreaks: inout Int) throws(RowFault) -> FieldPlace {
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
    func quotedField(
        _ place: inout Bytes, _ open: Bytes, _ end: Bytes, _ lineBreaks: inout Int
    ) throws(RowFault) -> FieldPlace {
        var field = FieldPlace(start: open + 1, count: 0)
        let last = field.start + min(end - field.start, Self.quoteLimit)
        guard let closing = QuotedText.closingQuote(of: field.start, before: last, end: end) else {
            var fault = RowFault(bytes: rest(open), expected: "a closing quote within \(Self.quoteLimit) bytes")
            fault.isOpenQuote = last == end
            throw fault
        }
        field.hasDoubledQuotes = closing.hasEscapes
        field.count = closing.place - field.start
        for byte in UnsafeBufferPointer(start: field.start, count: field.count) where byte == 10 { lineBreaks += 1 }
        // The block ends in a newline.
        var next = closing.place + 1
        while next.pointee == 32, !isDelimiter(next) { next += 1 }
        place = next
        return field
    }

    /// Calls `body` with the bytes of a field, with one quote for each pair of quotes.
    func withBytes<Value>(
        of field: FieldPlace, _ body: (UnsafeRawBufferPointer) throws(RowFault) -> Value
    ) throws(RowFault) -> Value {
        guard field.hasDoubledQuotes else { return try body(UnsafeRawBufferPointer(start: field.start, count: field.count)) }
        let copy = UnsafeMutablePointer<UInt8>.allocate(capacity: field.count)
        defer { copy.deallocate() }
        let count = QuotedText.unescape(UnsafeBufferPointer(start: field.start, count: field.count), into: copy)
        return try body(UnsafeRawBufferPointer(start: copy, count: count))
    }

    // MARK: Messages

    func rest(_ line: Bytes) -> UnsafeBufferPointer<UInt8> {
        var end = line
        while end.pointee != 10 && end - line < 60 { end += 1 }
        return UnsafeBufferPointer(start: line, count: end - line)
    }

    func wrongCount(_ line: Bytes) -> RowFault {
        RowFault(
            found: "'\(String(decoding: rest(line), as: UTF8.self))'",
            expected: "\(roles.count) column\(roles.count == 1 ? "" : "s"), as in the first line")
    }
}
