import FoldinInteractions
import FoldinSupport
import Foundation

/// The safetensors layout: 8 bytes of header length, a JSON header of names, types, shapes and offsets, then the numbers.
///
/// Only what Foldin writes and PyTorch's `state_dict` files need: 32-bit floats and integers, little-endian. Tensors of other types may stand in
/// a file but cannot be read. Reading trusts nothing.
enum SafeTensors {
    /// Bytes of an element of each type that a file of others may have; only those of `TensorDescription.ElementType` can be read.
    private static let widths = [
        "F64": 8, "F32": 4, "F16": 2, "BF16": 2, "I64": 8, "U64": 8, "I32": 4, "U32": 4, "I16": 2, "U16": 2, "I8": 1, "U8": 1,
        "BOOL": 1,
    ]

    /// One tensor of a file: its shape and where its bytes lie behind the header.
    struct Entry: Codable, Equatable {
        var dtype: String
        var shape: [Int]
        var dataOffsets: [Int]

        private enum CodingKeys: String, CodingKey {
            case dtype, shape
            case dataOffsets = "data_offsets"
        }
    }

    /// A header: what it says of each tensor and the free metadata.
    struct Header {
        var entries: [String: Entry] = [:]
        var metadata: [String: String] = [:]
        /// Where in the file the numbers begin.
        var dataStart = 0
        /// Where the last tensor ends, which is the end of the file.
        var dataEnd = 0
    }

    /// The reference implementation's own limit.
    static let largestHeader = 100_000_000

    /// How many bytes the beginning of a file must have for `header(of:size:file:)`, given the first bytes of it.
    ///
    /// - Throws: `FoldinError` of kind `badData` for what begins no file of `size` bytes (nil: not known).
    static func headerEnd(of data: Data, size: Int?, file: String) throws -> Int {
        func bad(_ found: String, _ expected: String) -> FoldinError {
            FoldinError(.badData, file: file, found: found, expected: expected)
        }
        guard data.count >= 8 else { throw bad("\(data.count) bytes", "a safetensors file, which begins with 8 bytes of length") }
        let length = data.prefix(8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        guard length <= UInt64(largestHeader), Int(length) + 8 <= size ?? .max else {
            throw bad(
                "a header of \(length) bytes" + (size.map { " in a file of \($0)" } ?? ""),
                "a safetensors file whose header fits in it and in \(largestHeader) bytes")
        }
        if data.count > 8, data[data.startIndex + 8] != UInt8(ascii: "{") {
            throw bad("a header that does not describe tensors", "a JSON object of dtype, shape and data_offsets by name")
        }
        return 8 + Int(length)
    }

    /// Reads and checks the header of a file of `size` bytes, of which `data` has the header at least: every tensor lies inside the file, has
    /// the size its shape says, and overlaps no other, and nothing is behind the last. A `size` of nil is not known yet.
    static func header(of data: Data, size known: Int?, file: String) throws -> Header {
        func bad(_ found: String, _ expected: String) -> FoldinError {
            FoldinError(.badData, file: file, found: found, expected: expected)
        }
        let start = try headerEnd(of: data, size: known, file: file)
        let size = known ?? .max
        let text = data.subdata(in: 8..<start)
        guard let raw = try? JSONDecoder().decode([String: Field].self, from: text) else {
            throw bad("a header that does not describe tensors", "a JSON object of dtype, shape and data_offsets by name")
        }
        var header = Header(dataStart: start)
        var stretches: [(Range<Int>, String)] = []
        for (name, field) in raw {
            switch field {
            case .metadata(let metadata):
                guard name == "__metadata__" else {
                    throw bad("tensor \(name.quoted) without shape", "dtype, shape and data_offsets")
                }
                header.metadata = metadata
            case .tensor(let entry):
                guard let width = widths[entry.dtype] else {
                    throw bad("tensor \(name.quoted) of type \(entry.dtype.quoted)", "F32 or I32")
                }
                var count = 1
                for side in entry.shape {
                    let (product, overflow) = count.multipliedReportingOverflow(by: side)
                    guard side >= 0, !overflow, product <= size else {
                        throw bad("tensor \(name.quoted) of shape \(entry.shape)", "a shape that fits in the file")
                    }
                    count = product
                }
                let offsets = entry.dataOffsets
                guard offsets.count == 2, offsets[0] >= 0, offsets[0] <= offsets[1], offsets[1] <= size - start,
                    offsets[1] - offsets[0] == width * count
                else {
                    throw bad(
                        "tensor \(name.quoted) of type \(entry.dtype) and shape \(entry.shape) at \(offsets) of \(size - start) bytes",
                        "the whole tensor in the file (is it cut short?)")
                }
                header.entries[name] = entry
                if count > 0 { stretches.append((offsets[0]..<offsets[1], name)) }
            }
        }
        stretches.sort { $0.0.lowerBound < $1.0.lowerBound }
        for (left, right) in zip(stretches, stretches.dropFirst()) where left.0.upperBound > right.0.lowerBound {
            throw bad("tensors \(left.1.quoted) and \(right.1.quoted) in the same place", "tensors apart from each other")
        }
        header.dataEnd = start + (stretches.map(\.0.upperBound).max() ?? 0)
        if let known, header.dataEnd < known {
            throw bad("\(known - header.dataEnd) bytes behind the last tensor", "a safetensors file, which ends with it")
        }
        return header
    }

    /// The bytes before the numbers: length and header, padded so that the numbers are aligned to 8 bytes.
    ///
    /// `tensors` are laid out in that order without gaps.
    static func preamble(tensors: [TensorDescription], metadata: [String: String]) throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        var fields: [String: Field] = ["__metadata__": .metadata(metadata)]
        var offset = 0
        for tensor in tensors {
            let end = offset + 4 * tensor.count
            fields[tensor.name] = .tensor(Entry(dtype: tensor.type.rawValue, shape: tensor.shape, dataOffsets: [offset, end]))
            offset = end
        }
        var header = try encoder.encode(fields)
        while header.count % 8 != 0 { header.append(UInt8(ascii: " ")) }
        var length = UInt64(header.count).littleEndian
        return withUnsafeBytes(of: &length) { Data($0) } + header
    }

    private enum Field: Codable {
        case tensor(Entry)
        case metadata([String: String])

        init(from decoder: Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let entry = try? container.decode(Entry.self) {
                self = .tensor(entry)
            } else {
                self = .metadata(try container.decode([String: String].self))
            }
        }

        func encode(to encoder: Encoder) throws {
            var container = encoder.singleValueContainer()
            switch self {
            case .tensor(let entry): try container.encode(entry)
            case .metadata(let metadata): try container.encode(metadata)
            }
        }
    }
}
