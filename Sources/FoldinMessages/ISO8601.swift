/// Dates and times in ISO 8601.
enum ISO8601 {
    /// Seconds since 1970 of a time such as `2024-05-01T12:00:00Z`; nil if `text` is not one.
    ///
    /// The zone is `Z` or an offset such as `+02:00`; without one it is UTC. A blank may replace the `T`. Seconds may be absent, and a
    /// fraction of a second is cut off. A date alone means its first second.
    static func seconds(_ text: String) -> Int? {
        var rest = Array(text.utf8)[...]
        guard let year = number(&rest, 4), skip("-", &rest), let month = number(&rest, 2), skip("-", &rest),
            let day = number(&rest, 2), (1...12).contains(month), (1...daysOfMonth(month, year)).contains(day)
        else { return nil }
        let midnight = days(year, month, day) * 86_400
        if rest.isEmpty { return midnight }
        guard skip("Tt ", &rest), let hour = number(&rest, 2), skip(":", &rest), let minute = number(&rest, 2), hour < 24,
            minute < 60
        else { return nil }
        var second = 0
        if skip(":", &rest) {
            // 60 is a leap second.
            guard let number = number(&rest, 2), number <= 60 else { return nil }
            second = number
            if skip(".,", &rest) {
                let digits = rest.prefix { isDigit($0) }.count
                guard digits > 0 else { return nil }
                rest = rest.dropFirst(digits)
            }
        }
        guard let offset = offset(&rest), rest.isEmpty else { return nil }
        return midnight + hour * 3_600 + minute * 60 + second - offset
    }

    /// The seconds by which the zone is ahead of UTC.
    private static func offset(_ rest: inout ArraySlice<UInt8>) -> Int? {
        if rest.isEmpty || skip("Zz", &rest) { return 0 }
        let isBehind = rest.first == UInt8(ascii: "-")
        guard skip("+-", &rest), let hours = number(&rest, 2), hours < 24 else { return nil }
        _ = skip(":", &rest)
        let minutes = rest.isEmpty ? 0 : number(&rest, 2)
        guard let minutes, minutes < 60 else { return nil }
        return (isBehind ? -1 : 1) * (hours * 3_600 + minutes * 60)
    }

    /// Parses a number of exactly `digits` digits.
    private static func number(_ rest: inout ArraySlice<UInt8>, _ digits: Int) -> Int? {
        let taken = rest.prefix(digits)
        guard taken.count == digits, taken.allSatisfy(isDigit) else { return nil }
        rest = rest.dropFirst(digits)
        return taken.reduce(0) { 10 * $0 + Int($1 - UInt8(ascii: "0")) }
    }

    /// Skips one of `characters`; false if another one is next.
    private static func skip(_ characters: StaticString, _ rest: inout ArraySlice<UInt8>) -> Bool {
        guard let next = rest.first, characters.withUTF8Buffer({ $0.contains(next) }) else { return false }
        rest = rest.dropFirst()
        return true
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

    private static func daysOfMonth(_ month: Int, _ year: Int) -> Int {
        let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
        return month == 2 ? (isLeap ? 29 : 28) : [4, 6, 9, 11].contains(month) ? 30 : 31
    }

    /// Days from 1970-01-01, in the Gregorian calendar.
    private static func days(_ year: Int, _ month: Int, _ day: Int) -> Int {
        // Years that begin in March have their leap day at the end.
        let (year, month) = month > 2 ? (year, month - 3) : (year - 1, month + 9)
        let (era, yearOfEra) = (year >= 0 ? year / 400 : -1, year >= 0 ? year % 400 : year + 400)
        let dayOfYear = (153 * month + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }
}
