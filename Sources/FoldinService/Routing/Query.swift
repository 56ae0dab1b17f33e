#if Service
import Hummingbird

/// The query parameters of a request. `+` is a blank, as HTML forms encode it.
struct Query {
    /// Decoded names and encoded values, in their order.
    private let pairs: [(name: String, value: ArraySlice<UInt8>)]

    /// Parses a query.
    ///
    /// - Throws: `Problem` for a parameter that is not one of `known`: if a misspelt one were ignored, another request would be answered.
    init(_ text: String, knowing known: [String]) throws {
        var pairs: [(name: String, value: ArraySlice<UInt8>)] = []
        for pair in Array(text.utf8).split(separator: UInt8(ascii: "&")) {
            let parts = pair.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = Routes.decoded(parts[0], plusIsBlank: true) else {
                throw Problem.malformed(
                    found: "a name of a query parameter that cannot be decoded", expected: "UTF-8, percent-encoded")
            }
            guard known.contains(name) else {
                throw Problem.malformed(
                    found: "the unknown query parameter \"\(Problem.printable(name))\"",
                    expected: known.isEmpty ? "none here" : "only \(known.joined(separator: ", "))")
            }
            pairs.append((name, parts.count > 1 ? parts[1] : []))
        }
        self.pairs = pairs
    }

    /// The value of a parameter; nil if the query does not have it.
    ///
    /// - Throws: `Problem` if the query has it twice.
    func text(_ name: String) throws -> String? {
        let values = pairs.filter { $0.name == name }.map(\.value)
        guard values.count <= 1 else {
            throw Problem.malformed(found: "\"\(name)\" \(values.count) times", expected: "it at most once")
        }
        return try values.first.map { try Query.decoded($0, name) }
    }

    /// The value of a parameter that is a whole number.
    func number(_ name: String, default fallback: Int, in range: ClosedRange<Int>) throws -> Int {
        guard let text = try text(name) else { return fallback }
        guard let value = Int(text), range.contains(value) else {
            throw Problem.malformed(
                found: "an invalid value of \"\(name)\"",
                expected: "a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return value
    }

    /// Ids separated by commas, of all parameters of the name; nil when there is none.
    ///
    /// A comma inside an id is written `%2C`. Many URL builders escape every comma, so an escaped comma separates ids, too, when `isKnown`
    /// returns false for the id that contains it.
    func ids(_ name: String, isKnown: (String) -> Bool) throws -> [String]? {
        let values = pairs.filter { $0.name == name }.map(\.value)
        guard !values.isEmpty else { return nil }
        // An empty text between two commas is an id, which no item has. An empty value has no ids.
        let parts = values.filter { !$0.isEmpty }.flatMap {
            $0.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
        }
        return try parts.flatMap { part in
            let id = try Query.decoded(part, name)
            guard id.unicodeScalars.contains(","), !isKnown(id) else { return [id] }
            return id.unicodeScalars.split(separator: ",", omittingEmptySubsequences: false).map { String($0) }
        }
    }

    private static func decoded(_ value: ArraySlice<UInt8>, _ name: String) throws -> String {
        guard let text = Routes.decoded(value, plusIsBlank: true) else {
            throw Problem.malformed(found: "a \"\(name)\" that cannot be decoded", expected: "UTF-8, percent-encoded")
        }
        return text
    }
}
#endif
