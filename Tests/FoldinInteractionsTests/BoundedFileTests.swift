import FoldinInteractions
import FoldinTestSupport
import Foundation
import Testing

struct BoundedFileTests {
    @Test("files that are small by nature have a bound, whether mapped or piped")
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

    @Test("devices without an end, directories and, where a file must be, pipes are refused")
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

    @Test("the files of a prepared directory are files")
    func preparedDirectories() throws {
        let folder = try TemporaryFolder()
        let whole: [(String, String)] =
            [
                ("unique_sid.txt", "a\n"), ("train.csv", "user,item\n0,0\n"),
                ("prepare.json", "{\"sources\":[],\"options\":{},\"counts\":{}}"),
            ]
            + ["validation_tr", "validation_te", "test_tr", "test_te"].map { ($0 + ".csv", "user,item\n") }
            + [("unique_uid.txt", "u\n"), ("titles.csv", "item,title\n")]
        for (name, text) in whole { _ = try folder.write(name, text) }
        #expect(try PreparedDataset(contentsOf: folder.path).train.count == 1)
        for (name, text) in whole {
            let path = folder.path + "/" + name
            try FileManager.default.removeItem(atPath: path)
            try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: "/dev/zero")
            #expect(failure { try PreparedDataset(contentsOf: folder.path) }?.found == "a device", "\(name)")
            try FileManager.default.removeItem(atPath: path)
            // Nobody writes to it: it is not waited for.
            try #require(mkfifo(path, 0o600) == 0)
            #expect(failure { try PreparedDataset(contentsOf: folder.path) }?.found == "a pipe", "\(name)")
            try FileManager.default.removeItem(atPath: path)
            _ = try folder.write(name, text)
        }
        for path in ["/dev/zero", folder.path + "/train.csv"] {
            #expect(failure { try PreparedDataset(contentsOf: path) }?.kind == .missingInput)
        }
    }

    @Test("text for a terminal: one line, several lines, JSON")
    func terminals() {
        let text = "a\u{1B}[2J\n\t\u{85}\u{202E}\u{61C}é映🎬\u{7F}"
        #expect(text.escapedForTerminal == "a\\u{1B}[2J\\n\\t\\u{85}\\u{202E}\\u{61C}é映🎬\\u{7F}")
        #expect(text.escapedLinesForTerminal == "a\\u{1B}[2J\n\t\\u{85}\\u{202E}\\u{61C}é映🎬\\u{7F}")
        let json = "{\n \"a\":\"\u{85}\u{202E}é\u{7F}\"}"
        #expect(json.escapedJSONForTerminal == "{\n \"a\":\"\\u0085\\u202eé\\u007f\"}")
        #expect(text.escapedForTerminal.escapedLinesForTerminal == text.escapedForTerminal)
    }
}
