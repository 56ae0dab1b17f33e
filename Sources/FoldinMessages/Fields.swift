/// Any field of an object.
private struct AnyField: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }

    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
}

extension Decoder {
    /// The fields of an object, which may have no others than those of `Field`.
    ///
    /// If a misspelt field were ignored, data would be lost, or another request would be answered.
    ///
    /// - Throws: `Reading.Failure` that names up to three unknown fields; `DecodingError`.
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
    /// A whole number; nil if the field is absent or null.
    func wholeNumber(_ field: Key, expected: String = "a whole number") throws -> Int? {
        do { return try decodeIfPresent(Int.self, forKey: field) } catch let error where isMisfit(error) {
            throw Reading.Failure(found: "\(shownNumber(field)) at \(place(field))", expected: expected)
        }
    }

    /// A number; nil if the field is absent or null.
    func number(_ field: Key) throws -> Double? {
        do { return try decodeIfPresent(Double.self, forKey: field) } catch let error where isMisfit(error) {
            throw Reading.Failure(found: "\(shownNumber(field)) at \(place(field))", expected: "a number")
        }
    }

    /// Seconds since 1970, from a whole number or a text in ISO 8601; nil if the field is absent or null.
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

    /// The place of the field in the document.
    func place(_ field: Key) -> String { Reading.place(codingPath + [field]) }

    /// Whether `error` says that the value is a number that does not fit: inside the decoder, that is not a `DecodingError`.
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
