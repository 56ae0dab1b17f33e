import FoldinSupport
import Testing

@Suite("Kinds of files") struct FileKindTests {
    private static func kind(_ bytes: [UInt8]) -> FileKind? { bytes.withUnsafeBytes { FileKind($0) } }
    private static func zip(_ member: String) -> [UInt8] {
        Array("PK\u{3}\u{4}".utf8) + [UInt8](repeating: 7, count: 26) + Array(member.utf8)
    }

    private static let files: [([UInt8], FileKind?)] = [
        ([], nil), (Array("user,item\n1,2\n".utf8), nil), (Array("ORCHID,1\n".utf8), nil), (Array("BZhang,1\n".utf8), nil),
        (Array("é映画\n".utf8), nil), ([0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0], .gzip), (Array("BZh9....".utf8), .bzip2),
        (zip("model/data.pkl"), .torch), (zip("arr_0.npy"), .numPyArchive), (zip("config.json"), .zip), (zip("xl/a.xml"), .excel),
        ([0x80, 2, 0x8A], .pickle), ([0x93] + Array("NUMPY".utf8), .numPyArray), (Array("PAR1....".utf8), .parquet),
        ([0x89] + Array("HDF\r\n".utf8), .hdf5), (Array("SQLite format 3\u{0}".utf8), .sqlite),
        (Array("ORC".utf8) + [0, 1], .orc),
        ([8, 8, 0x12, 7] + Array("pytorch.".utf8), .onnx), (Array("GGUF".utf8), .gguf),
        ([120, 0, 0, 0, 0, 0, 0, 0] + Array("{\"a\":".utf8), .safetensors),
        ([0xFF, 0xFE, 65, 0], .utf16), ([0xFF, 0xFE, 0, 0, 65, 0, 0, 0], .utf32),
        ("user,item\n".utf16.flatMap { [UInt8($0 & 255), UInt8($0 >> 8)] }, .utf16),
        // The length of a safetensors header may look like a byte order mark.
        ([0xFF, 0xFE, 0, 0, 0, 0, 0, 0] + Array("{\"a\":".utf8), .safetensors), (Array("abc".utf8) + [0], .binary),
    ]

    @Test(arguments: files.indices) func areRecognisedByTheirFirstBytes(index: Int) {
        let (bytes, kind) = Self.files[index]
        #expect(Self.kind(bytes) == kind)
    }

    /// A file that can be read as text has no finding; every other kind has advice.
    @Test(arguments: files.indices) func adviseHowToGetText(index: Int) {
        let (bytes, kind) = Self.files[index]
        let finding = bytes.withUnsafeBytes { FileSignature.finding($0) }
        #expect(finding?.name == (kind == .gzip ? nil : kind?.name) && finding?.advice.isEmpty != true)
    }
}
