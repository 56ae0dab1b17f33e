#if Service
import Foundation
import NIOConcurrencyHelpers

/// The value of the `Date` header, formatted once per second.
enum HTTPDate {
    private static let written = NIOLockedValueBox<(second: Int, text: String)>((-1, ""))

    /// The present time (RFC 9110, section 5.6.7).
    static var now: String {
        var second = time(nil)
        return written.withLockedValue { written in
            if written.second == second { return written.text }
            var parts = tm()
            gmtime_r(&second, &parts)
            func digits(_ value: some BinaryInteger) -> String { value < 10 ? "0\(value)" : "\(value)" }
            let days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
            let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
            let date = "\(digits(parts.tm_mday)) \(months[Int(parts.tm_mon)]) \(1_900 + parts.tm_year)"
            let clock = [parts.tm_hour, parts.tm_min, parts.tm_sec].map(digits).joined(separator: ":")
            written = (second, "\(days[Int(parts.tm_wday)]), \(date) \(clock) GMT")
            return written.text
        }
    }
}
#endif
