import FoldinInteractions
import FoldinSupport
import Foundation

/// The values in a row's fields.
enum Field {
    private static let powersOfTen: [Double] = [
        1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
    ]

    /// Checks a new id: not empty, not only blanks, UTF-8, on one line.
    @inline(__always)
    static func check(_ id: UnsafeRawBufferPointer, _ kind: StaticString) throws(RowFault) {
        var isPlain = !id.isEmpty && id[0] > 32
        for byte in id where byte >= 0x80 || byte == 10 || byte == 13 { isPlain = false }
        if !isPlain { try checkThoroughly(id, kind) }
    }

    private static func checkThoroughly(_ id: UnsafeRawBufferPointer, _ kind: StaticString) throws(RowFault) {
        guard !id.allSatisfy({ $0 == 32 || $0 == 9 || $0 == 0xC2 || $0 == 0xA0 }) else {
            throw RowFault(found: "nothing", expected: "\(kind) id")
        }
        guard !id.contains(10), !id.contains(13) else {
            throw RowFault(bytes: id, expected: "\(kind) id without line breaks")
        }
        guard String(validating: id, as: UTF8.self) != nil else {
            throw RowFault(
                found: "bytes that are not UTF-8 ('\(String(decoding: id.prefix(60), as: UTF8.self))')",
                expected: "\(kind) id in UTF-8", reason: .invalidUTF8)
        }
    }

    /// The code in `table` of an id written in `encoding`, a new one if it has none yet.
    static func code(
        of id: UnsafeRawBufferPointer, _ encoding: TextEncoding, _ table: inout IdTable, _ kind: StaticString
    ) throws(RowFault) -> UInt32 {
        if encoding != .utf8, id.contains(where: { $0 >= 0x80 }) {
            let converted = encoding.utf8(id)
            let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: converted.count, alignment: 1)
            defer { copy.deallocate() }
            copy.copyBytes(from: converted)
            return try code(of: UnsafeRawBufferPointer(copy), .utf8, &table, kind)
        }
        try check(id, kind)
        guard table.count < IdTable.capacity else {
            throw RowFault(found: "more than \(IdTable.capacity) different ids", expected: "at most as many")
        }
        return table.code(of: id)
    }

    /// The rating that begins at `start` if it is a plain decimal number of at most 15 digits, and where it ends.
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
    static func rating(
        _ bytes: UnsafeRawBufferPointer, _ separator: ReadingOptions.DecimalSeparator = .point
    ) throws(RowFault) -> Float {
        let value = Float(try number(bytes, separator, "a rating, a finite number"))
        guard value.isFinite else { throw RowFault(bytes: bytes, expected: "a rating in the range of single precision") }
        return value
    }

    /// A time as a number, rounded down to a whole one.
    static func timestamp(_ bytes: UnsafeRawBufferPointer) throws(RowFault) -> Int64 {
        let expected = "a time: a number, such as seconds since 1970, or ISO 8601, the same in all rows"
        if let whole = Int64(String(decoding: bytes, as: UTF8.self)) { return whole }
        guard let whole = Int64(exactly: try number(bytes, .point, expected).rounded(.down)) else {
            throw RowFault(bytes: bytes, expected: expected)
        }
        return whole
    }

    private static func number(
        _ bytes: UnsafeRawBufferPointer, _ separator: ReadingOptions.DecimalSeparator, _ expected: String
    ) throws(RowFault) -> Double {
        var text = String(decoding: bytes, as: UTF8.self).trimmingCharacters(in: .whitespaces)
        var (hint, reason): (String, FoldinError.Reason?) = ("", nil)
        if separator == .comma {
            hint = " with a decimal comma"
            text = String(text.map { $0 == "," ? "." : $0 == "." ? "," : $0 })
        } else if text.filter({ $0 == "," }).count == 1 {
            reason = .decimalComma
        }
        guard text.utf8.allSatisfy({ "0123456789+-.eE".utf8.contains($0) }), let value = Double(text), value.isFinite else {
            throw RowFault(bytes: bytes, expected: expected + hint, reason: reason)
        }
        return value
    }
}
