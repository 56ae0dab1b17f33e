import Foldin
import Foundation

extension TrainingMemory.Shape {
    /// The counts of a prepared directory, by counting lines; nothing is parsed or kept.
    init(preparedDirectory path: String) throws {
        func lines(_ name: String) throws -> Int { try Self.lineCount(of: path + "/" + name) }
        let items = try lines("unique_sid.txt")
        // Directories made by other tools may lack the list of users; the 8 bytes a user then go uncounted.
        let usersFile = "unique_uid.txt"
        let users = FileManager.default.fileExists(atPath: path + "/" + usersFile) ? try lines(usersFile) : 0
        let files = ["train.csv", "validation_tr.csv", "validation_te.csv", "test_tr.csv", "test_te.csv"]
        let interactions = try files.reduce(0) { try $0 + max(0, lines($1) - 1) }  // less the header
        self.init(users: users, items: items, interactions: interactions)
    }

    /// Lines of a file, a last one without a newline included.
    private static func lineCount(of path: String) throws -> Int {
        guard let file = FileHandle(forReadingAtPath: path) else {
            throw FoldinError(
                .missingInput, file: path, found: "no file that can be read",
                expected: "a file of a prepared directory, as foldin prepare writes it")
        }
        defer { try? file.close() }
        var count = 0
        var last = UInt8(ascii: "\n")
        while true {
            let chunk: Data?
            do {
                chunk = try file.read(upToCount: 1 << 20)
            } catch {
                throw FoldinError(.missingInput, file: path, found: "a file that cannot be read", expected: "a readable file")
            }
            guard let chunk, !chunk.isEmpty else { break }
            chunk.withUnsafeBytes { bytes in for byte in bytes where byte == UInt8(ascii: "\n") { count += 1 } }
            last = chunk[chunk.endIndex - 1]
        }
        return last == UInt8(ascii: "\n") ? count : count + 1
    }
}
