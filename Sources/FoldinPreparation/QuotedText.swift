import Foundation

/// The rule of quotes, the same for headers, rows and files of titles: a field may be in double quotes, and a quote inside is doubled
/// (RFC 4180). Files of titles may also write a backslash before it.
enum QuotedText {
    /// The closing quote of the text that begins at `content`, after its opening quote; nil if there is none before `last`. `end` is where the
    /// readable bytes end, at `last` or later.
    @inline(__always)
    static func closingQuote(
        of content: UnsafePointer<UInt8>, before last: UnsafePointer<UInt8>, end: UnsafePointer<UInt8>,
        allowsBackslash: Bool = false
    ) -> (place: UnsafePointer<UInt8>, hasEscapes: Bool)? {
        var next = content
        var hasEscapes = false
        while next < last, let found = memchr(next, 34, last - next) {
            let quote = UnsafePointer(found.assumingMemoryBound(to: UInt8.self))
            if allowsBackslash, quote[-1] == UInt8(ascii: "\\") {
                next = quote + 1
            } else if quote + 1 < end, quote[1] == 34 {
                next = quote + 2
            } else {
                return (quote, hasEscapes)
            }
            hasEscapes = true
        }
        return nil
    }

    /// Copies the text between quotes to `target`, which holds as many bytes, without what escapes its quotes; returns the number of bytes.
    static func unescape(
        _ content: UnsafeBufferPointer<UInt8>, into target: UnsafeMutablePointer<UInt8>, allowsBackslash: Bool = false
    ) -> Int {
        var (count, place) = (0, 0)
        while place < content.count {
            let byte = content[place]
            let isEscape =
                place + 1 < content.count && content[place + 1] == 34
                && (byte == 34 || allowsBackslash && byte == UInt8(ascii: "\\"))
            target[count] = isEscape ? 34 : byte
            place += isEscape ? 2 : 1
            count += 1
        }
        return count
    }
}

extension Delimiter {
    /// A field in quotes at `start` of a line, perhaps after blanks, and where it ends with the blanks after it; nil if there is none that a
    /// delimiter or the end of the line follows.
    func quotedField(
        in line: UnsafeRawBufferPointer, at start: Int, allowsBackslash: Bool
    ) -> (field: [UInt8], end: Int)? {
        guard let base = line.baseAddress?.assumingMemoryBound(to: UInt8.self) else { return nil }
        var place = start
        while place < line.count, line[place] == 32, first != 32 || isWhitespace { place += 1 }
        guard place < line.count, line[place] == 34 else { return nil }
        let (content, end) = (base + place + 1, base + line.count)
        guard let closing = QuotedText.closingQuote(of: content, before: end, end: end, allowsBackslash: allowsBackslash) else {
            return nil
        }
        let fieldEnd = afterBlanks(in: line, at: closing.place - base + 1)
        guard fieldEnd == line.count || count(in: line, at: fieldEnd) > 0 else { return nil }
        let text = UnsafeBufferPointer(start: content, count: closing.place - content)
        guard !text.isEmpty else { return ([], fieldEnd) }
        let field = [UInt8](unsafeUninitializedCapacity: text.count) { target, count in
            count = target.baseAddress.map { QuotedText.unescape(text, into: $0, allowsBackslash: allowsBackslash) } ?? 0
        }
        return (field, fieldEnd)
    }

    /// What the quotes of a record say about its end.
    enum RecordState { case whole, open, malformed }

    /// Whether all quoted fields of `record` are closed, one is open at the end, or something follows a closing quote.
    func state(of record: UnsafeRawBufferPointer, allowsBackslash: Bool) -> RecordState {
        scan(record, allowsBackslash: allowsBackslash, endsAtNewline: false).state
    }

    /// Where the record at the beginning of `bytes` ends: at its first newline outside quotes; nil if there is none.
    func recordEnd(in bytes: UnsafeRawBufferPointer) -> Int? { scan(bytes, allowsBackslash: false, endsAtNewline: true).newline }

    private func scan(
        _ bytes: UnsafeRawBufferPointer, allowsBackslash: Bool, endsAtNewline: Bool
    ) -> (newline: Int?, state: RecordState) {
        guard let base = bytes.baseAddress?.assumingMemoryBound(to: UInt8.self) else { return (nil, .whole) }
        let end = base + bytes.count
        var (place, isFieldStart) = (0, true)
        while place < bytes.count {
            if isFieldStart, bytes[place] == 34 {
                guard
                    let closing = QuotedText.closingQuote(
                        of: base + place + 1, before: end, end: end, allowsBackslash: allowsBackslash)
                else { return (nil, .open) }
                place = afterBlanks(in: bytes, at: closing.place - base + 1)
                if !endsAtNewline, place < bytes.count, count(in: bytes, at: place) == 0 { return (nil, .malformed) }
                isFieldStart = false
                continue
            }
            if endsAtNewline, bytes[place] == 10 { return (place, .whole) }
            let count = count(in: bytes, at: place)
            isFieldStart = count > 0 || isFieldStart && bytes[place] == 32
            place += max(1, count)
        }
        return (nil, .whole)
    }

    /// The first place from `start` on that is not a blank, or a blank that is the delimiter.
    private func afterBlanks(in line: UnsafeRawBufferPointer, at start: Int) -> Int {
        var place = start
        while place < line.count, line[place] == 32, count(in: line, at: place) == 0 { place += 1 }
        return place
    }
}
