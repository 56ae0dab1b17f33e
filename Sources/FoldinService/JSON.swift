import Foundation
import Hummingbird
import NIOCore

/// JSON in and out of messages.
enum JSON {
    /// One document, keys sorted.
    static func buffer(_ value: some Encodable) -> ByteBuffer {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        // What cannot be encoded are numbers that are not finite; no message of ours has one.
        guard let data = try? encoder.encode(value) else { preconditionFailure("a message that is no JSON: \(type(of: value))") }
        return ByteBuffer(bytes: data)
    }

    static func response(_ value: some Encodable, status: HTTPResponse.Status = .ok) -> Response {
        response(buffer(value), status: status)
    }

    static func response(_ body: ByteBuffer, status: HTTPResponse.Status = .ok) -> Response {
        Response(status: status, headers: [.contentType: "application/json"], body: ResponseBody(byteBuffer: body))
    }

    /// The message in `bytes`.
    ///
    /// - Throws: `Problem` that says where and why it is none, without repeating what was sent.
    static func decode<Message: Decodable>(_ type: Message.Type, from bytes: ByteBuffer) throws -> Message {
        do {
            return try JSONDecoder().decode(type, from: Data(bytes.readableBytesView))
        } catch let error as DecodingError {
            throw problem(error)
        } catch {
            throw Problem.malformed(found: "a body that cannot be read", expected: "one JSON document")
        }
    }

    private static func problem(_ error: DecodingError) -> Problem {
        switch error {
        case .typeMismatch(let type, let context):
            .malformed(found: "another type at \(place(context.codingPath))", expected: name(type))
        case .valueNotFound(let type, let context):
            .malformed(found: "null at \(place(context.codingPath))", expected: name(type))
        case .keyNotFound(let key, let context):
            .malformed(found: "no \"\(key.stringValue)\" at \(place(context.codingPath))", expected: "it to be there")
        case .dataCorrupted(let context) where !context.codingPath.isEmpty:
            .malformed(found: "a value out of range at \(place(context.codingPath))", expected: "one that fits")
        default:
            .malformed(found: "a body that is not JSON, or a number that does not fit", expected: "one JSON document in UTF-8")
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

    /// Appends `text` as a JSON string.
    static func append(_ text: String, to bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                bytes.append(UInt8(ascii: "\\"))
                bytes.append(byte)
            case 0..<0x20:
                bytes.append(contentsOf: "\\u00".utf8)
                bytes.append("0123456789abcdef".utf8.dropFirst(Int(byte >> 4)).first ?? 0)
                bytes.append("0123456789abcdef".utf8.dropFirst(Int(byte & 15)).first ?? 0)
            default: bytes.append(byte)
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }
}
