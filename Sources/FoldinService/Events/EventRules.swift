#if Service
import FoldinMessages

/// Which events are valid.
enum EventRules {
    /// Valid times: seconds since 1970, before the year 10000.
    static let times = 0...253_402_300_799
    /// Valid ratings.
    static let ratings = -1e9...1e9

    /// `event` without blanks around its ids, as readers of ratings files take them.
    static func trimmed(_ event: Event) -> Event {
        Event(user: trimmed(event.user), item: trimmed(event.item), rating: event.rating, time: event.time)
    }

    /// `id` without blanks around it.
    static func trimmed(_ id: String) -> String {
        String(id.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
    }

    /// Whether `id` is valid for a user or an item: 1 to `length` Unicode code points, none of them a control character.
    static func allow(_ id: String, length: Int) -> Bool {
        (1...length).contains(id.unicodeScalars.count)
            && id.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control }
    }

    /// The rule of `allow` for error messages.
    static func idRule(length: Int) -> String {
        "1 to \(length) characters, none of them a control character and not all of them blanks"
    }

    /// The first invalid part of an event; nil when it is valid.
    static func fault(in event: Event, idLength: Int) -> (found: String, expected: String)? {
        if !allow(event.user, length: idLength) { return ("the user", idRule(length: idLength)) }
        if !allow(event.item, length: idLength) { return ("the item", idRule(length: idLength)) }
        if let rating = event.rating, !ratings.contains(rating) { return ("the rating", "-1e9 to 1e9") }
        if let time = event.time, !times.contains(time) {
            // Times from 1978 on, in milliseconds.
            let isMilliseconds = (times.upperBound + 1...times.upperBound * 1_000).contains(time)
            return (
                "the time \(time)\(isMilliseconds ? ", which looks like milliseconds,": "")",
                "whole seconds since 1970, before the year 10000"
            )
        }
        return nil
    }
}
#endif
