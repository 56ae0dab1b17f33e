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

    /// The rating that begins at `start` if it is a plain decimal of at most 15 digits, and where it ends.
    @inline(__always)
    static func plainRating(_ start: UnsafePointer<UInt8>) -> (value: Float, end: UnsafePointer<UInt8>)? {
        var place = start
        var mantissa = 0
        var digit = place.pointee &- 48
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
