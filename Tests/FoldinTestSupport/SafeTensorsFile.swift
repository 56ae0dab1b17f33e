import FoldinInteractions
import FoldinSupport
import Foundation

/// A safetensors file, parsed without Foldin's reader, to be changed and written again.
public struct SafeTensorsFile {
    public var header: [String: Any]
    public var numbers: Data

    public init(contentsOf path: String) throws {
        let data = try Data(contentsOf: URL(filePath: path))
        let length = data.prefix(8).enumerated().reduce(0) { $0 + Int($1.element) << (8 * $1.offset) }
        guard let header = try JSONSerialization.jsonObject(with: data[8..<8 + length]) as? [String: Any] else {
            throw FoldinError(.badData, file: path, found: "another header", expected: "a JSON object")
        }
        self.header = header
        numbers = Data(data[(8 + length)...])
    }

    /// Changes what the header says of a tensor.
    public mutating func set(_ field: String, of tensor: String, to value: Any?) {
        var entry = header[tensor] as? [String: Any] ?? [:]
        entry[field] = value
        header[tensor] = entry
    }

    /// Changes the metadata.
    public mutating func set(_ name: String, to value: String?) {
        var metadata = header["__metadata__"] as? [String: Any] ?? [:]
        metadata[name] = value
        header["__metadata__"] = metadata
    }

    public func metadata(_ name: String) -> String {
        (header["__metadata__"] as? [String: Any])?[name] as? String ?? ""
    }

    public var data: Data {
        get throws {
            let text = try JSONSerialization.data(withJSONObject: header, options: [.sortedKeys])
            return SafeTensorsFile.length(text.count) + text + numbers
        }
    }

    public func write(to path: String) throws { try data.write(to: URL(filePath: path)) }

    /// The eight bytes that begin a file.
    public static func length(_ count: Int) -> Data { withUnsafeBytes(of: UInt64(count).littleEndian) { Data($0) } }
}
