import FoldinSupport
import FoldinTestSupport
import Foundation
import Testing

struct ChecksumTests {
    @Test("digests equal those of the standards")
    func knownDigests() {
        Array("abc".utf8).withUnsafeBytes {
            #expect(Checksum.sha256($0) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
            #expect(Checksum.md5($0) == "900150983cd24fb0d6963f7d28e17f72")
        }
        #expect(Checksum.md5(UnsafeRawBufferPointer(start: nil, count: 0)) == "d41d8cd98f00b204e9800998ecf8427e")
    }
}

struct MappedFileTests {
    @Test func readsAFileAnEmptyFileAndTheNullDevice() throws {
        let folder = try TemporaryFolder()
        #expect(try MappedFile(contentsOf: folder.write("a", "xyz")).withBytes { Array($0) } == Array("xyz".utf8))
        #expect(try MappedFile(contentsOf: folder.write("b", "")).count == 0)
        #expect(try MappedFile(contentsOf: "/dev/null").count == 0)
    }

    @Test func statesWhatIsMissing() throws {
        let folder = try TemporaryFolder()
        let missing = failure { try MappedFile(contentsOf: folder.path + "/none") }
        #expect(missing?.kind == .missingInput && missing?.file == folder.path + "/none")
        #expect(missing?.found == "no such file or directory")
        #expect(failure { try MappedFile(contentsOf: folder.path) }?.found == "a directory")
    }
}
