import Foundation

/// The values in a row's fields.
enum Field {
    private static let powersOfTen: [Double] = [
        1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
    ]

    /// Checks an id that is about to be numbered: not empty, UTF-8, on one line.
    @inline(__always)
    static func check(_ id: UnsafeRawBufferPointer, _ kind: StaticString) throws(RowFault) {
        var isPlain = !id.isEmpty
        for byte in id where byte >= 0x80 || byte == 10 || byte == 13 { isPlain = false }
        if !isPlain { try checkUnusual(id, kind) }
    }

    private static func checkUnusual(_ id: UnsafeRawBufferPointer, _ kind: StaticString) throws(RowFault) {
        guard !id.isEmpty else { throw RowFault(found: "nothing", expected: "\(kind) id") }
        guard !id.contains(10), !id.contains(13) else {
            throw RowFault(bytes: id, expected: "\(kind) id without line breaks")
        }
        guard String(validating: id, as: UTF8.self) != nil else {
            throw RowFault(
                found: "bytes that are not UTF-8 ('\(String(decoding: id.prefix(60), as: UTF8.self))')",
                expected: "\(kind) id in UTF-8")
        }
    }

    /// The whole number of at most 7 digits, in its only spelling, that begins at `start`, and where it ends; nil too where
    /// fewer than 8 bytes are left before `end`. Eight bytes are looked at together, without a loop whose end is guessed wrong.
    @inline(__always)
    static func smallNumber(
        _ start: UnsafePointer<UInt8>, before end: UnsafePointer<UInt8>
    ) -> (value: Int, end: UnsafePointer<UInt8>)? {
        guard end - start >= 8 else { return nil }
        let word = UInt64(littleEndian: UnsafeRawPointer(start).loadUnaligned(as: UInt64.self))
        // Digits become 0 to 9; the lowest high bit of `others` is that of the first byte that is none.
        let values = word ^ 0x3030_3030_3030_3030
        let others = ((values &+ 0x7676_7676_7676_7676) | values) & 0x8080_8080_8080_8080
        let count = others.trailingZeroBitCount >> 3
        guard count >= 1, count <= 7, count == 1 || word & 0xFF != 48 else { return nil }
        // Behind leading zeros, neighbours are joined to numbers of two, four and eight digits.
        var digits = values << (64 - 8 * UInt64(count))
        digits = (digits &* 2_561) >> 8 & 0x00FF_00FF_00FF_00FF
        digits = (digits &* 6_553_601) >> 16 & 0x0000_FFFF_0000_FFFF
        return (Int(truncatingIfNeeded: (digits &* 42_949_672_960_001) >> 32), start + count)
    }

    /// The rating that begins at `start` if it is a plain decimal of at most 15 digits, and where it ends.
    @inline(__always)
    static func plainRating(_ start: UnsafePointer<UInt8>) -> (value: Float, end: UnsafePointer<UInt8>)? {
        var place = start
        var mantissa = 0
        var digit = place.pointee &- 48
        // Nearly all ratings: one digit, a point, one digit. A line goes on after a byte that is not its end.
        if digit <= 9, start[1] == UInt8(ascii: "."), case let tenths = start[2] &- 48, tenths <= 9, start[3] &- 48 > 9 {
            return (Float(Double(Int(digit) * 10 + Int(tenths)) / 10), start + 3)
        }
        while digit <= 9 {
            mantissa = mantissa &* 10 &+ Int(digit)
            place += 1
            digit = place.pointee &- 48
        }
        var digits = place - start
        var decimals = 0
        if place.pointee == UInt8(ascii: ".") {
            place += 1
            let point = place
            digit = place.pointee &- 48
            while digit <= 9 {
                mantissa = mantissa &* 10 &+ Int(digit)
                place += 1
                digit = place.pointee &- 48
            }
            decimals = place - point
            digits += decimals
        }
        guard digits > 0 && digits <= 15 else { return nil }
        if decimals == 0 { return (Float(mantissa), place) }
        return (Float(Double(mantissa) / powersOfTen[decimals]), place)
    }

    /// A rating in any decimal spelling.
    static func rating(_ bytes: UnsafeRawBufferPointer) throws(RowFault) -> Float {
        let value = Float(try number(bytes, "a rating, a finite number"))
        guard value.isFinite else { throw RowFault(bytes: bytes, expected: "a rating that single precision can hold") }
        return value
    }

    /// A time in seconds, cut to a whole number.
    static func timestamp(_ bytes: UnsafeRawBufferPointer) throws(RowFault) -> Int64 {
        if let whole = Int64(String(decoding: bytes, as: UTF8.self)) { return whole }
        guard let whole = Int64(exactly: try number(bytes, "a time in seconds").rounded(.down)) else {
            throw RowFault(bytes: bytes, expected: "a time in seconds")
        }
        return whole
    }

    private static func number(_ bytes: UnsafeRawBufferPointer, _ expected: String) throws(RowFault) -> Double {
        let text = String(decoding: bytes, as: UTF8.self).trimmingCharacters(in: .whitespaces)
        guard text.utf8.allSatisfy({ "0123456789+-.eE".utf8.contains($0) }), let value = Double(text), value.isFinite else {
            throw RowFault(bytes: bytes, expected: expected)
        }
        return value
    }
}
