import Foundation

/// The notation of times in a file, the same in all rows.
enum TimeNotation: Sendable, Equatable {
    /// A number in any unit.
    case number
    /// A date and perhaps a time of day, `2014-05-15T14:45:42Z` or `Thu May 15 14:45:42 +0000 2014`; read as milliseconds since 1970.
    case calendar

    /// The notation of `bytes`: a date if they can be read as one.
    init(of bytes: UnsafeRawBufferPointer) { self = Self.milliseconds(bytes) == nil ? .number : .calendar }

    /// The time in `bytes`; a fraction of the unit is dropped.
    func time(_ bytes: UnsafeRawBufferPointer) throws(RowFault) -> Int64 {
        switch self {
        case .number: return try Field.timestamp(bytes)
        case .calendar:
            guard let time = Self.milliseconds(bytes) else {
                throw RowFault(bytes: bytes, expected: "a date and time in ISO 8601, as in the first row")
            }
            return time
        }
    }

    /// Milliseconds since 1970 of a date with or without a time of day, in UTC unless a zone is given; nil for other text.
    static func milliseconds(_ bytes: UnsafeRawBufferPointer) -> Int64? {
        guard (8...40).contains(bytes.count) else { return nil }
        var reader = CalendarReader(bytes)
        return reader.isoTime() ?? reader.cTime()
    }
}

/// The unit of a file's times; the raw value is how many make a second.
public enum TimeUnit: Int64, Sendable, CaseIterable {
    /// Seconds, as in 1400000000.
    case seconds = 1
    /// Thousandths of a second.
    case milliseconds = 1_000
    /// Millionths of a second.
    case microseconds = 1_000_000
    /// Thousand-millionths of a second.
    case nanoseconds = 1_000_000_000

    /// The unit in which `number`, the latest time, is before the year 5000.
    init(ofLatest number: Int64) {
        self =
            switch number.magnitude {
            case ..<100_000_000_000: .seconds
            case ..<100_000_000_000_000: .milliseconds
            case ..<100_000_000_000_000_000: .microseconds
            default: .nanoseconds
            }
    }
}

/// Reads dates and times character by character.
private struct CalendarReader {
    private let text: [UInt8]
    private var place = 0

    init(_ bytes: UnsafeRawBufferPointer) {
        text = bytes.drop { $0 == 32 }.reversed().drop { $0 == 32 }.reversed()
    }

    /// `YYYY-MM-DD`, then optionally `T` or a blank and `hh:mm`, `:ss`, a fraction and a zone.
    mutating func isoTime() -> Int64? {
        place = 0
        guard let year = digits(4), let separator = take("-/"), let month = digits(2), take([separator]) != nil,
            let day = digits(2)
        else { return nil }
        guard let days = Self.days(year, month, day) else { return nil }
        var milliseconds = days * 86_400_000
        if place == text.count { return milliseconds }
        guard take("Tt ") != nil, let ofDay = timeOfDay() else { return nil }
        milliseconds += ofDay
        guard let zone = zone(), place == text.count else { return nil }
        return milliseconds - zone
    }

    /// `Thu May 15 14:45:42 +0000 2014`, as the C library and Twitter write it; the zone may be missing.
    mutating func cTime() -> Int64? {
        place = 0
        let words = text.split(separator: 32)
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        guard words.count == 5 || words.count == 6, words[0].count == 3,
            let month = months.firstIndex(where: { words[1].elementsEqual($0.utf8) }),
            let day = Int64(String(decoding: words[2], as: UTF8.self)),
            let year = Int64(String(decoding: words[words.count - 1], as: UTF8.self)), (1000...9999).contains(year),
            let days = Self.days(year, Int64(month + 1), day)
        else { return nil }
        place = words[3].startIndex
        guard let ofDay = timeOfDay(), place == words[3].endIndex else { return nil }
        var offset: Int64 = 0
        if words.count == 6 {
            place = words[4].startIndex
            guard let zone = zone(), place == words[4].endIndex else { return nil }
            offset = zone
        }
        return days * 86_400_000 + ofDay - offset
    }

    private mutating func timeOfDay() -> Int64? {
        guard let hour = digits(2), hour < 24, take(":") != nil, let minute = digits(2), minute < 60 else { return nil }
        var milliseconds = (hour * 60 + minute) * 60_000
        guard take(":") != nil else { return milliseconds }
        guard let second = digits(2), second <= 60 else { return nil }
        milliseconds += second * 1_000
        if take(".,") != nil {
            let start = place
            var scale: Int64 = 100
            while place < text.count, (48...57).contains(text[place]) {
                milliseconds += Int64(text[place] - 48) * scale
                scale /= 10
                place += 1
            }
            guard place > start else { return nil }
        }
        return milliseconds
    }

    /// The offset of the zone from UTC in milliseconds; 0 without a zone.
    private mutating func zone() -> Int64? {
        _ = take(" ")
        if place == text.count || take("Zz") != nil { return 0 }
        if text[place...].starts(with: "UTC".utf8) || text[place...].starts(with: "GMT".utf8) {
            place += 3
            return 0
        }
        guard let sign = take("+-"), let hours = digits(2), hours <= 15 else { return nil }
        var minutes: Int64 = 0
        let hasColon = take(":") != nil
        if hasColon || place < text.count, let read = digits(2) { minutes = read } else if hasColon { return nil }
        let distance = (hours * 60 + minutes) * 60_000
        return minutes > 59 ? nil : sign == UInt8(ascii: "-") ? -distance : distance
    }

    private mutating func digits(_ count: Int) -> Int64? {
        guard place + count <= text.count else { return nil }
        var value: Int64 = 0
        for byte in text[place..<place + count] {
            guard (48...57).contains(byte) else { return nil }
            value = value * 10 + Int64(byte - 48)
        }
        place += count
        return value
    }

    private mutating func take(_ any: String) -> UInt8? { take(Array(any.utf8)) }

    private mutating func take(_ any: [UInt8]) -> UInt8? {
        guard place < text.count, any.contains(text[place]) else { return nil }
        place += 1
        return text[place - 1]
    }

    /// Days from 1970 to a date of the Gregorian calendar, nil if there is no such date.
    private static func days(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64? {
        let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
        let lengths: [Int64] = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
        guard year >= 1, (1...12).contains(month), day >= 1, day <= lengths[Int(month - 1)] else { return nil }
        let before = year - 1
        let leapDays = before / 4 - before / 100 + before / 400
        return before * 365 + leapDays - 719_162 + lengths[..<Int(month - 1)].reduce(0, +) + day - 1
    }
}
