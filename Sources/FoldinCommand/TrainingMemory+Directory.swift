import Foldin
import Foundation

extension TrainingMemory.Shape {
    /// The counts of a prepared directory, by counting lines; nothing is parsed or kept.
    init(preparedDirectory path: String) throws {
        func lines(_ name: String) throws -> Int { try Self.lineCount(of: path + "/" + name) }
        let items = try lines("unique_sid.txt")
        // Directories made by other tools may lack the list of users; the 8 bytes per user are then not counted.
        let usersFile = "unique_uid.txt"
        let users = FileManager.default.fileExists(atPath: path + "/" + usersFile) ? try lines(usersFile) : 0
        let files = ["train.csv", "validation_tr.csv", "validation_te.csv", "test_tr.csv", "test_te.csv"]
        let interactions = try files.reduce(0) { try $0 + max(0, lines($1) - 1) }  // less the header
        self.init(users: users, items: items, interactions: interactions)
    }

    /// Lines of a file, a last one without a newline included.
    private static func lineCount(of path: String) throws -> Int {
        let file = try MappedFile(contentsOf: path, onlyRegular: true)
        var count = 0
        var last = UInt8(ascii: "\n")
        for start in stride(from: 0, to: file.count, by: 1 << 24) {
            let stretch = start..<min(file.count, start + 1 << 24)
            file.withBytes { bytes in
                for byte in bytes[stretch] where byte == UInt8(ascii: "\n") { count += 1 }
                last = bytes[stretch.upperBound - 1]
            }
            file.letGo(of: stretch)
        }
        return last == UInt8(ascii: "\n") ? count : count + 1
    }
}
