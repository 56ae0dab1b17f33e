import Foundation

/// Reads messages as they come over the wire.
public enum Reading {
    /// Why bytes are no message, without repeating them.
    public struct Failure: Error, Equatable {
        public let found: String
        public let expected: String
    }

    /// The message that is all of `bytes`, one JSON document.
    ///
    /// - Throws: `Failure`, which says where.
    public static func message<Message: Decodable>(_ type: Message.Type, from bytes: Data) throws(Failure) -> Message {
        do {
            return try JSONDecoder().decode(type, from: bytes)
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
            Failure(found: "no \"\(key.stringValue)\" at \(place(context.codingPath))", expected: "it to be there")
        case .dataCorrupted(let context) where !context.codingPath.isEmpty:
            Failure(found: "a value out of range at \(place(context.codingPath))", expected: "one that fits")
        default:
            Failure(found: "a body that is not JSON, or a number that does not fit", expected: "one JSON document in UTF-8")
        }
    }

    private static func place(_ path: [any CodingKey]) -> String {
        path.isEmpty ? "the top" : path.map { $0.intValue.map { "[\($0)]" } ?? ".\($0.stringValue)" }.joined()
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
