import FoldinInteractions
import FoldinSupport
import FoldinTestSupport
import Foundation
import Testing

@testable import FoldinModels

/// Files that are no models are refused before they are read: most of these are larger than any memory.
@Suite("Large and endless files") struct LargeFileTests {
    /// Two ways to read: mapped, and into memory for a server.
    private func refusals(_ path: String) throws -> [FoldinError?] {
        [try foldinError { _ = try TrainedModel(contentsOf: path) }, try foldinError { _ = try TrainedModel.reading(path) }]
    }

    /// A file that begins with `data` and has holes up to `size`.
    private func write(_ data: Data, size: Int, to path: String) throws {
        try data.write(to: URL(filePath: path))
        try #require(truncate(path, off_t(size)) == 0)
    }

    @Test func largeFilesAreRefusedByTheirBeginning() throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/m"
        let terabyte = 1 << 40
        let model = try HostileModelFileTests.whole().data
        let beginnings: [(Data, String)] = [
            (Data(), "a header that does not describe tensors"), (Data(repeating: 0xA5, count: 64), "a header of"),
            (SafeTensorsFile.length(90_000_000), "a header that does not describe tensors"),
            (SafeTensorsFile.length(1 << 30), "a header of 1073741824 bytes"), (model, "bytes behind the last tensor"),
            (Data("PK\u{3}\u{4}".utf8), "a zip archive"), (Data("SQLite format 3\u{0}".utf8), "an SQLite database"),
        ]
        for (beginning, found) in beginnings {
            try write(beginning, size: terabyte, to: path)
            for error in try refusals(path) {
                #expect(error?.kind == .badData && error?.found.contains(found) == true, "\(String(describing: error))")
            }
        }
        try model.write(to: URL(filePath: path))
        let (read, data) = try TrainedModel.reading(path)
        #expect(data == model && read.itemCount == 6)
        try model.dropLast().write(to: URL(filePath: path))
        for error in try refusals(path) { #expect(error?.kind == .badData, "\(String(describing: error))") }
    }

    @Test func directoriesAndDevicesAreRefused() throws {
        let folder = try TemporaryFolder()
        try #require(mkfifo(folder.path + "/fifo", 0o600) == 0)
        for path in [folder.path, "/dev/zero", "/dev/urandom"] {
            for error in try refusals(path) { #expect(error?.kind == .missingInput, "\(path): \(String(describing: error))") }
        }
        // Not waited for.
        #expect(try foldinError { _ = try TrainedModel.reading(folder.path + "/fifo") }?.kind == .missingInput)
    }

    /// Of a pipe no more is read than there must be: the writer is stopped.
    @Test func aPipeIsReadNoFurtherThanNeeded() throws {
        let model = try HostileModelFileTests.whole().data
        func read(_ data: Data, ending: Bool) throws -> FoldinError? {
            var ends: [Int32] = [-1, -1]
            try #require(pipe(&ends) == 0)
            let (reader, writer) = (ends[0], ends[1])
            // All of it fits into the pipe.
            try #require(data.withUnsafeBytes { Foundation.write(writer, $0.baseAddress, $0.count) } == data.count)
            if ending { close(writer) }
            defer {
                close(reader)
                if !ending { close(writer) }
            }
            return try foldinError { _ = try TrainedModel(contentsOf: "/dev/fd/\(reader)") }
        }
        #expect(try read(model, ending: true) == nil)
        // The writer never closes its end: reading on would wait for ever.
        #expect(try read(Data(repeating: 0, count: 4_096), ending: false)?.kind == .badData)
        #expect(try read(model + Data(repeating: 7, count: 4_096), ending: false)?.kind == .badData)
    }
}
