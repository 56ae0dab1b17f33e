import FoldinSupport
import FoldinTestSupport
import Foundation
import Testing

struct BoundedFileTests {
    @Test("small files have a limit, whether they are mapped or piped")
    func bounds() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("a", "12345")
        #expect(try MappedFile(contentsOf: path, atMost: 5).count == 5)
        let error = failure { try MappedFile(contentsOf: path, atMost: 4) }
        #expect(error?.kind == .badData && error?.found == "a file of 5 bytes" && error?.expected == "at most 4 bytes")
        try #require(truncate(path, 1 << 40) == 0)
        #expect(failure { try MappedFile.data(at: path, expected: "keys") }?.kind == .badData)
        var ends: [Int32] = [-1, -1]
        try #require(pipe(&ends) == 0)
        defer { for end in ends { close(end) } }
        try #require(write(ends[1], "12345", 5) == 5)
        #expect(failure { try MappedFile(contentsOf: "/dev/fd/\(ends[0])", atMost: 4) }?.kind == .badData)
    }

    @Test("endless devices and directories are refused, and pipes where only a file is accepted")
    func kinds() throws {
        let folder = try TemporaryFolder()
        let fifo = folder.path + "/fifo"
        try #require(mkfifo(fifo, 0o600) == 0)
        for (path, found) in [("/dev/zero", "a device"), ("/dev/urandom", "a device"), (folder.path, "a directory")] {
            let error = failure { try MappedFile(contentsOf: path) }
            #expect(error?.kind == .missingInput && error?.found == found)
            let named = failure { try MappedFile.data(at: path, expected: "keys") }
            #expect(named?.kind == .missingInput && named?.found == found && named?.expected == "keys")
        }
        #expect(failure { try MappedFile(contentsOf: fifo, onlyRegular: true) }?.found == "a pipe")
        #expect(failure { try MappedFile(contentsOf: "/dev/null", onlyRegular: true) }?.found == "a device")
        #expect(try MappedFile(contentsOf: "/dev/null").count == 0)
        #expect(failure { try MappedFile.data(at: folder.path + "/none", expected: "keys") }?.found == "no file that can be read")
    }
}
