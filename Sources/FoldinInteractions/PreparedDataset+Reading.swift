import FoldinSupport
import Foundation

extension PreparedDataset {
    /// Reads a prepared directory of `foldin prepare` or of another tool.
    ///
    /// Required are the five files of index pairs (header `user,item` or `uid,sid`) and `unique_sid.txt`. Without `unique_uid.txt` the ids of
    /// users are their indices. Every index is checked.
    ///
    /// - Throws: `FoldinError` of kind `missingInput` for a missing file, of kind `badData` with the line for invalid or inconsistent
    ///   contents.
    public init(contentsOf directory: String) throws {
        let place = directory.hasSuffix("/") ? directory : directory + "/"
        var isDirectory: ObjCBool = false
        guard FileManager.default.fileExists(atPath: directory, isDirectory: &isDirectory), isDirectory.boolValue else {
            throw FoldinError(
                .missingInput, file: directory, found: isDirectory.boolValue ? "nothing readable" : "no such directory",
                expected: "a directory made by foldin prepare")
        }
        let items = try Self.ids(place + FileName.items, "item")
        guard !items.isEmpty else {
            throw FoldinError(.badData, file: place + FileName.items, found: "an empty file", expected: "one item id per line")
        }
        let hasUsers = FileManager.default.fileExists(atPath: place + FileName.users)
        let userIds = hasUsers ? try Self.ids(place + FileName.users, "user") : nil
        let preparation = try Self.record(place + FileName.preparation)

        let names = [
            FileName.train, FileName.validationFoldIn, FileName.validationHeldOut, FileName.testFoldIn, FileName.testHeldOut,
        ]
        var userCount = userIds?.count ?? 0
        var bound = "the ids in \(FileName.users)"
        if userIds == nil {
            // Only the rows show how many users there are. The bound allows for gaps between indices, but not for a corrupt index.
            var size = 0
            for name in names { size += try MappedFile(contentsOf: place + name, onlyRegular: true).count }
            userCount = min(Int(Int32.max), 1_000_000 + size)
            bound = "the size of the files, as there is no \(FileName.users)"
        }
        let parts = try names.map {
            try IndexPairParser(path: place + $0, itemCount: items.count, userCount: userCount, userBound: bound).parse()
        }
        guard parts[0].count > 0 else {
            throw FoldinError(
                .badData, file: place + FileName.train, found: "no interactions", expected: "at least one row after the header")
        }
        let used = parts.map { Int($0.users.max() ?? -1) + 1 }
        let users = userIds ?? (0..<(used.max() ?? 0)).map { String($0) }
        let trained = preparation?.counts["train-users"] ?? 0
        self.init(
            rows: PreparedRows(
                train: parts[0], validationFoldIn: parts[1], validationHeldOut: parts[2], testFoldIn: parts[3],
                testHeldOut: parts[4]),
            trainUserCount: trained > used[0] && trained <= users.count ? trained : used[0],
            items: Vocabulary(items), users: Vocabulary(users), titles: try Self.titles(place + FileName.titles, items.count),
            preparation: preparation, keepingOrder: false)
    }

    /// The rating above which a row counts as a like; nil if the preparation does not state it.
    public var likedAbove: Double? { preparation?.options["rating-above"].flatMap(Double.init) }

    /// The lines of a file of ids; throws if one is not UTF-8, empty or a duplicate.
    private static func ids(_ path: String, _ kind: String) throws -> [String] {
        let file = try MappedFile(contentsOf: path, onlyRegular: true)
        var ids: [String] = []
        try file.withBytes { bytes in
            let mark = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
            for var line in bytes.dropFirst(mark).split(separator: 10, omittingEmptySubsequences: false) {
                if line.last == 13 { line = line.dropLast() }
                guard let id = String(validating: line, as: UTF8.self) else {
                    throw FoldinError(
                        .badData, file: path, line: ids.count + 1, found: "bytes that are not UTF-8",
                        expected: "the id of one \(kind) in UTF-8")
                }
                ids.append(id)
            }
        }
        if ids.last == "" { ids.removeLast() }
        if let empty = ids.firstIndex(of: "") {
            throw FoldinError(.badData, file: path, line: empty + 1, found: "an empty line", expected: "the id of one \(kind)")
        }
        guard ids.count <= Int(Int32.max) else {
            throw FoldinError(.badData, file: path, found: "\(ids.count) ids", expected: "at most \(Int32.max)")
        }
        if let (place, earlier) = Vocabulary.firstRepeat(in: ids) {
            throw FoldinError(
                .badData, file: path, line: place + 1, found: "'\(ids[place])', which is also on line \(earlier + 1)",
                expected: "a different id on every line")
        }
        return ids
    }

    /// The contents of `prepare.json`; nil if there is no such file.
    static func record(_ path: String) throws -> PreparationRecord? {
        guard FileManager.default.fileExists(atPath: path) else { return nil }
        let file = try MappedFile(contentsOf: path, atMost: MappedFile.smallFileLimit, onlyRegular: true)
        do {
            return try JSONDecoder().decode(PreparationRecord.self, from: file.withBytes { Data($0) })
        } catch {
            throw FoldinError(
                .badData, file: path, found: "something that is not a record of a preparation",
                expected: "JSON with the sources, options and counts that foldin prepare writes")
        }
    }

    /// The titles by item; empty if there is no such file.
    private static func titles(_ path: String, _ count: Int) throws -> [String?] {
        guard FileManager.default.fileExists(atPath: path) else { return [] }
        let file = try MappedFile(contentsOf: path, onlyRegular: true)
        var titles = [String?](repeating: nil, count: count)
        let lines = file.withBytes { $0.split(separator: 10).map { Array($0) } }
        for (index, line) in lines.enumerated().dropFirst() {
            let text = String(decoding: line.last == 13 ? line.dropLast() : line, as: UTF8.self)
            guard let comma = text.firstIndex(of: ","), let item = Int(text[..<comma]), titles.indices.contains(item) else {
                throw FoldinError(
                    .badData, file: path, line: index + 1, found: "'\(text.prefix(60))'",
                    expected: "an item index below \(count), a comma and a title")
            }
            var title = String(text[text.index(after: comma)...])
            if title.count >= 2, title.hasPrefix("\""), title.hasSuffix("\"") {
                title = String(title.dropFirst().dropLast()).replacing("\"\"", with: "\"")
            }
            titles[item] = title
        }
        return titles
    }
}
