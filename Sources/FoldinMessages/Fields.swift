/// Any field of an object.
private struct AnyField: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }

    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
}

extension Decoder {
    /// The fields of an object, none of which may be other than those of `Field`.
    ///
    /// A misspelt field that is passed over is data that is lost, or a request that is answered as another.
    func fields<Field: CodingKey & CaseIterable>(_ type: Field.Type) throws -> KeyedDecodingContainer<Field> {
        let names = try container(keyedBy: AnyField.self).allKeys.map(\.stringValue)
        let unknown = names.filter { Field(stringValue: $0) == nil }.sorted()
        if !unknown.isEmpty {
            let places = unknown.prefix(3).map { Reading.place(codingPath + [AnyField(stringValue: $0)]) }.joined(separator: ", ")
            let more = unknown.count > 3 ? " and \(unknown.count - 3) more" : ""
            throw Reading.Failure(
                found: (unknown.count == 1 ? "an unknown field at " : "unknown fields at ") + places + more,
                expected: "only \(Field.allCases.map(\.stringValue).joined(separator: ", "))")
        }
        return try container(keyedBy: type)
    }
}

extension KeyedDecodingContainer {
    /// A whole number, nil when there is none or null.
    func wholeNumber(_ field: Key, expected: String = "a whole number") throws -> Int? {
        do { return try decodeIfPresent(Int.self, forKey: field) } catch let error where isMisfit(error) {
            throw Reading.Failure(found: "\(shownNumber(field)) at \(place(field))", expected: expected)
        }
    }

    /// A number, nil when there is none or null.
    func number(_ field: Key) throws -> Double? {
        do { return try decodeIfPresent(Double.self, forKey: field) } catch let error where isMisfit(error) {
            throw Reading.Failure(found: "\(shownNumber(field)) at \(place(field))", expected: "a number")
        }
    }

    /// Seconds since 1970 from a whole number or from text as ISO 8601 has it; nil when there is none or null.
    func seconds(_ field: Key) throws -> Int? {
        let expected = "whole seconds since 1970, or a text such as \"2024-05-01T12:00:00Z\""
        if let text = try? decode(String.self, forKey: field) {
            guard let seconds = ISO8601.seconds(text) else {
                throw Reading.Failure(found: "\"\(Reading.printable(text))\" at \(place(field))", expected: expected)
            }
            return seconds
        }
        do { return try wholeNumber(field, expected: expected) } catch DecodingError.typeMismatch {
            throw Reading.Failure(found: "another type at \(place(field))", expected: expected)
        }
    }

    /// Where the field stands.
    func place(_ field: Key) -> String { Reading.place(codingPath + [field]) }

    /// Whether the value is a number and `error` says that it does not fit: that is no `DecodingError` before the decoder is left.
    private func isMisfit(_ error: any Error) -> Bool {
        switch error {
        case DecodingError.typeMismatch, DecodingError.valueNotFound: false
        default: true
        }
    }

    private func shownNumber(_ field: Key) -> String {
        (try? decode(Double.self, forKey: field)).map { "\($0)" } ?? "a number that does not fit"
    }
}
