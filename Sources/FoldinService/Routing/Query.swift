import Hummingbird

/// The parameters of a request's query, in which `+` is a blank as forms write it.
struct Query {
    /// Names decoded, values as they were sent, in their order.
    private let pairs: [(name: String, value: ArraySlice<UInt8>)]

    /// Reads a query.
    ///
    /// - Throws: `Problem` for a parameter that is none of `known`: one that is misspelt and passed over answers another request.
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

    /// A parameter that may be there once; nil when it is not.
    func text(_ name: String) throws -> String? {
        let values = pairs.filter { $0.name == name }.map(\.value)
        guard values.count <= 1 else {
            throw Problem.malformed(found: "\"\(name)\" \(values.count) times", expected: "it once at most")
        }
        return try values.first.map { try Query.decoded($0, name) }
    }

    /// A whole number.
    func number(_ name: String, default fallback: Int, in range: ClosedRange<Int>) throws -> Int {
        guard let text = try text(name) else { return fallback }
        guard let value = Int(text), range.contains(value) else {
            throw Problem.malformed(
                found: "another value of \"\(name)\"", expected: "a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return value
    }

    /// Ids with commas between them, of all parameters of the name; nil when there is none.
    ///
    /// A comma inside an id is written `%2C`. Many builders of URLs escape every comma, so where `isKnown` says that there is no such id
    /// an escaped comma separates ids as well.
    func ids(_ name: String, isKnown: (String) -> Bool) throws -> [String]? {
        let values = pairs.filter { $0.name == name }.map(\.value)
        guard !values.isEmpty else { return nil }
        // Nothing between two commas is an id like any other, and no item's; nothing at all is no id.
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
