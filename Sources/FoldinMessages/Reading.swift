import Foundation

/// Decodes messages, with errors that say where a document is wrong.
public enum Reading {
    /// Why bytes are not a message.
    ///
    /// The texts contain fields and numbers of the document, shortened and without control characters, and never an id.
    public struct Failure: Error, Equatable {
        /// What was found, and where.
        public let found: String
        /// What was expected instead.
        public let expected: String
    }

    /// Decodes `bytes`, which must be one JSON document.
    ///
    /// - Throws: ``Failure``.
    public static func message<Message: Decodable>(_ type: Message.Type, from bytes: Data) throws(Failure) -> Message {
        do {
            return try JSONDecoder().decode(type, from: bytes)
        } catch let failure as Failure {
            throw failure
        } catch let error as DecodingError {
            throw failure(error)
        } catch {
            throw Failure(found: "a body that cannot be read", expected: "one JSON document")
        }
    }

    private static func failure(_ error: DecodingError) -> Failure {
        switch error {
        case .typeMismatch(let type, let context):
            Failure(found: "another type at \(place(context.codingPath))", expected: name(type))
        case .valueNotFound(let type, let context):
            Failure(found: "null at \(place(context.codingPath))", expected: name(type))
        case .keyNotFound(let key, let context):
            Failure(found: "no \"\(key.stringValue)\" at \(place(context.codingPath))", expected: "that field")
        case .dataCorrupted(let context) where !context.codingPath.isEmpty:
            Failure(found: "a value out of range at \(place(context.codingPath))", expected: "one that fits")
        default:
            Failure(found: "a body that is not JSON", expected: "one JSON document in UTF-8")
        }
    }

    /// A path in a document as text: `.events[3].time`.
    static func place(_ path: [any CodingKey]) -> String {
        path.isEmpty ? "the top" : path.map { $0.intValue.map { "[\($0)]" } ?? ".\(printable($0.stringValue))" }.joined()
    }

    /// `text` for an error message: at most 64 code points, control characters in the form `\u{7}`.
    public static func printable(_ text: String) -> String {
        var shown = ""
        for scalar in text.unicodeScalars.prefix(64) {
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator:
                shown += "\\u{\(String(scalar.value, radix: 16, uppercase: true))}"
            default: shown.unicodeScalars.append(scalar)
            }
        }
        return text.unicodeScalars.count > 64 ? shown + "…" : shown
    }

    private static func name(_ type: Any.Type) -> String {
        switch type {
        case is String.Type: "a string"
        case is Int.Type: "a whole number"
        case is Double.Type: "a number"
        case is any Collection.Type where !(type is [String: Any].Type): "an array"
        default: "an object"
        }
    }
}
