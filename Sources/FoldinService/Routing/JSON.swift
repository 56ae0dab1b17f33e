#if Service
import FoldinMessages
import Foundation
import Hummingbird
import NIOCore

/// Encodes and decodes messages as JSON.
enum JSON {
    /// `value` as a document with sorted keys.
    ///
    /// - Throws: `EncodingError` for a number that is NaN or infinite.
    static func buffer(_ value: some Encodable) throws -> ByteBuffer {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return ByteBuffer(bytes: try encoder.encode(value))
    }

    /// A response with `value` as its document.
    static func response(_ value: some Encodable, status: HTTPResponse.Status = .ok) throws -> Response {
        response(try buffer(value), status: status)
    }

    /// A response with a document that is encoded already.
    static func response(bytes: [UInt8]) -> Response { response(ByteBuffer(bytes: bytes)) }

    private static func response(_ body: ByteBuffer, status: HTTPResponse.Status = .ok) -> Response {
        Response(status: status, headers: [.contentType: "application/json"], body: ResponseBody(byteBuffer: body))
    }

    /// The message in `bytes`.
    ///
    /// - Throws: `Problem` that says where and why the bytes are not a message, without repeating ids.
    static func decode<Message: Decodable>(_ type: Message.Type, from bytes: ByteBuffer) throws -> Message {
        do {
            return try Reading.message(type, from: Data(bytes.readableBytesView))
        } catch {
            throw Problem.malformed(found: error.found, expected: error.expected)
        }
    }

    /// Appends `text` as a JSON string.
    static func append(_ text: String, to bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "\""))
        var last: UInt8 = 0
        for byte in text.utf8 {
            defer { last = byte }
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                bytes.append(UInt8(ascii: "\\"))
                bytes.append(byte)
            case 0..<0x20, 0x7F: escape(byte, to: &bytes)
            case 0x80..<0xA0 where last == 0xC2:
                // Control characters of two bytes: a terminal may act on them, too.
                bytes.removeLast()
                escape(byte, to: &bytes)
            default: bytes.append(byte)
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }

    /// Appends an array of strings.
    static func append(_ texts: [String], to bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "["))
        for (place, text) in texts.enumerated() {
            if place > 0 { bytes.append(UInt8(ascii: ",")) }
            append(text, to: &bytes)
        }
        bytes.append(UInt8(ascii: "]"))
    }

    private static func escape(_ byte: UInt8, to bytes: inout [UInt8]) {
        bytes.append(contentsOf: "\\u00".utf8)
        bytes.append("0123456789abcdef".utf8.dropFirst(Int(byte >> 4)).first ?? 0)
        bytes.append("0123456789abcdef".utf8.dropFirst(Int(byte & 15)).first ?? 0)
    }
}
#endif
