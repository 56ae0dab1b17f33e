import Foundation

/// Kinds of files that are recognised by their first bytes.
package enum FileKind: Sendable {
    case gzip, bzip2, xz, zstandard, lz4, sevenZip, rar, zip
    /// Files of Python programs: `torch.save`, `pickle`, NumPy's `.npy` and `.npz`.
    case torch, pickle, numPyArray, numPyArchive
    case hdf5, parquet, arrow, feather, orc, avro, sqlite, matlab, rData
    case safetensors, gguf, onnx
    case pdf, excel, oldExcel
    case utf16, utf32
    /// Any other file with a zero byte near its beginning.
    case binary

    /// The kind of a file that begins with `bytes`, of which 4096 are enough; nil if it may be text in UTF-8.
    package init?(_ bytes: UnsafeRawBufferPointer) {
        func begins(_ signature: some Collection<UInt8>) -> Bool { bytes.starts(with: signature) }
        func begins(_ signature: StaticString) -> Bool {
            guard bytes.count >= signature.utf8CodeUnitCount, let start = bytes.baseAddress else { return false }
            return memcmp(start, signature.utf8Start, signature.utf8CodeUnitCount) == 0
        }
        if begins([0x1F, 0x8B]) {
            self = .gzip
        } else if bytes.count > 9, bytes[8] == UInt8(ascii: "{"), bytes[4..<8].allSatisfy({ $0 == 0 }) {
            // Its header is JSON behind a length of 64 bits.
            self = .safetensors
        } else if begins([0xFF, 0xFE, 0, 0]) || begins([0, 0, 0xFE, 0xFF]) {
            self = .utf32
        } else if begins([0xFF, 0xFE]) || begins([0xFE, 0xFF]) || Self.looksLikeUTF16(bytes) {
            self = .utf16
        } else if begins("PK\u{3}\u{4}") || begins("PK\u{5}\u{6}") {
            self = Self.archive(bytes)
        } else if bytes.count > 1, bytes[0] == 0x80, (2...5).contains(bytes[1]) {
            self = .pickle
        } else if begins("BZh"), bytes.count > 3, (0x31...0x39).contains(bytes[3]) {
            self = .bzip2
        } else if let (_, kind) = Self.signatures.first(where: { begins($0.bytes) }) {
            self = kind
        } else if begins("ORC"), !Self.isText(bytes) {
            self = .orc
        } else if begins("RDX"), !Self.isText(bytes) {
            self = .rData
        } else if Self.isONNX(bytes) {
            self = .onnx
        } else if let start = bytes.baseAddress, memchr(start, 0, min(bytes.count, 4_096)) != nil {
            self = .binary
        } else {
            return nil
        }
    }

    /// The kind in messages, with its article: `a Parquet file`.
    package var name: String {
        switch self {
        case .gzip: "a gzip file"
        case .bzip2: "a bzip2 file"
        case .xz: "an xz file"
        case .zstandard: "a Zstandard file"
        case .lz4: "an LZ4 file"
        case .sevenZip: "a 7z archive"
        case .rar: "a RAR archive"
        case .zip: "a zip archive"
        case .torch: "a PyTorch file of torch.save"
        case .pickle: "a Python pickle"
        case .numPyArray: "a NumPy array"
        case .numPyArchive: "a NumPy .npz file"
        case .hdf5: "an HDF5 file"
        case .parquet: "a Parquet file"
        case .arrow: "an Arrow file"
        case .feather: "a Feather file"
        case .orc: "an ORC file"
        case .avro: "an Avro file"
        case .sqlite: "an SQLite database"
        case .matlab: "a MATLAB file"
        case .rData: "an R data file"
        case .safetensors: "a safetensors file, the format of models"
        case .gguf: "a GGUF model"
        case .onnx: "an ONNX model"
        case .pdf: "a PDF document"
        case .excel: "an Excel workbook"
        case .oldExcel: "an old Excel workbook"
        case .utf16: "text in UTF-16"
        case .utf32: "text in UTF-32"
        case .binary: "a binary file"
        }
    }

    private static let signatures: [(bytes: [UInt8], kind: FileKind)] = [
        ([0xFD, 0x37, 0x7A, 0x58], .xz), ([0x28, 0xB5, 0x2F, 0xFD], .zstandard), ([0x04, 0x22, 0x4D, 0x18], .lz4),
        ([0x37, 0x7A, 0xBC, 0xAF], .sevenZip), (Array("Rar!".utf8), .rar), (Array("PAR1".utf8), .parquet),
        (Array("ARROW1".utf8), .arrow), (Array("FEA1".utf8), .feather), (Array("Obj\u{1}".utf8), .avro),
        (Array("SQLite format 3\u{0}".utf8), .sqlite), (Array("%PDF".utf8), .pdf), (Array("MATLAB 5.0".utf8), .matlab),
        ([0x93, 0x4E, 0x55, 0x4D], .numPyArray), ([0x89, 0x48, 0x44, 0x46], .hdf5), ([0xD0, 0xCF, 0x11, 0xE0], .oldExcel),
        (Array("GGUF".utf8), .gguf),
    ]

    /// The kind of a zip file, by the names of its first members.
    private static func archive(_ bytes: UnsafeRawBufferPointer) -> FileKind {
        let beginning = String(decoding: bytes.prefix(4_096), as: UTF8.self)
        func has(_ names: String...) -> Bool { names.contains { beginning.contains($0) } }
        if has("data.pkl", ".format_version", "archive/") { return .torch }
        if has("[Content_Types].xml", "xl/") { return .excel }
        return has(".npy") ? .numPyArchive : .zip
    }

    /// Whether every second byte is 0, as in ASCII text in UTF-16 without a byte order mark.
    private static func looksLikeUTF16(_ bytes: UnsafeRawBufferPointer) -> Bool {
        let count = min(bytes.count, 64)
        guard count >= 8 else { return false }
        var (even, odd) = (0, 0)
        for place in 0..<count where bytes[place] == 0 {
            if place % 2 == 0 { even += 1 } else { odd += 1 }
        }
        return odd * 20 >= count * 9 && even == 0 || even * 20 >= count * 9 && odd == 0
    }

    /// Whether a protocol buffer begins with the fields of an ONNX model: 1 is its version, 2 the name of the program that wrote it.
    private static func isONNX(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard bytes.count > 4, bytes[0] == 0x08, bytes[1] < 0x20 else { return false }
        if bytes[2] == 0x12, bytes[3] < 64 { return true }
        let text = String(decoding: bytes.prefix(512), as: UTF8.self)
        return ["onnx", "pytorch", "main_graph"].contains { text.contains($0) }
    }

    private static func isText(_ bytes: UnsafeRawBufferPointer) -> Bool {
        bytes.prefix(256).allSatisfy { $0 >= 32 || [9, 10, 13].contains($0) }
    }
}
