import FoldinKernels
import FoldinSupport
import Foundation

extension PreparedDataset {
    /// Writes a prepared directory: five files of index pairs, the raw ids, titles if there are any, and `prepare.json`.
    ///
    /// The directory appears complete or not at all. An existing directory is replaced if it is empty, or if `overwriting` is true and it is
    /// a prepared directory: it has a readable `prepare.json` and no files other than these. Anything else is refused, and no other file is
    /// ever removed. Writes about 20 million rows/s.
    ///
    /// - Returns: Where the old directory is kept because another file appeared in it meanwhile; usually nil.
    /// - Throws: `FoldinError` of kind `cannotCreate` or `writeFailed`.
    @discardableResult
    public func write(to directory: String, overwriting: Bool = false, workers: Workers = Workers()) throws -> String? {
        try PreparedFiles(
            rows: rows ?? PreparedRows(of: self), trainUserCount: train.userCount, items: items.ids, users: users.ids,
            titles: titles,
            preparation: preparation
        ).write(to: directory, overwriting: overwriting, workers: workers)
    }

    /// Throws if ``write(to:overwriting:workers:)`` would refuse `directory` as it is now, or would replace one of `inputs`.
    ///
    /// - Throws: `FoldinError` of kind `usage` if an input is in `directory`, whatever its path; of kind `cannotCreate` if `directory` may
    ///   not be replaced.
    public static func check(_ directory: String, overwriting: Bool, reading inputs: [Overlap.Input] = []) throws {
        try Overlap.refuse(inputs, in: directory)
        try AtomicDirectory.check(directory, replacing: directoryKind, overwriting: overwriting)
    }

    /// The directories that may be replaced.
    fileprivate static var directoryKind: AtomicDirectory.Kind {
        AtomicDirectory.Kind(name: "a directory of foldin prepare", fileNames: FileName.all) { path in
            (try? record(path + "/" + FileName.preparation)) != nil
        }
    }
}

extension PreparedFiles {
    /// Writes the directory; see ``PreparedDataset/write(to:overwriting:workers:)``.
    @discardableResult
    public func write(to directory: String, overwriting: Bool = false, workers: Workers = Workers()) throws -> String? {
        try AtomicDirectory.write(to: directory, replacing: PreparedDataset.directoryKind, overwriting: overwriting) {
            temporary in
            let place = temporary + "/"
            let others = [
                (PreparedDataset.FileName.validationFoldIn, rows.validationFoldIn),
                (PreparedDataset.FileName.validationHeldOut, rows.validationHeldOut),
                (PreparedDataset.FileName.testFoldIn, rows.testFoldIn), (PreparedDataset.FileName.testHeldOut, rows.testHeldOut),
            ]
            let text = RowText(users: users.count, items: items.count)
            // Writes the largest file at the same time as the others: one waits for the disk while the other formats text.
            let outcomes = workers.map(2) { task, _ in
                Result {
                    if task == 0 {
                        try rows.train.write(to: place + PreparedDataset.FileName.train, text, workers: workers)
                    } else {
                        for (name, part) in others { try part.write(to: place + name, text, workers: workers) }
                    }
                }
            }
            for outcome in outcomes { try outcome.get() }
            try Self.write(items, to: place + PreparedDataset.FileName.items)
            try Self.write(users, to: place + PreparedDataset.FileName.users)
            if titles.contains(where: { $0 != nil }) {
                try Self.write(titles: titles, to: place + PreparedDataset.FileName.titles)
            }
            if let preparation {
                let encoder = JSONEncoder()
                encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
                let text = String(decoding: try encoder.encode(preparation), as: UTF8.self)
                try AtomicFile.write(text + "\n", to: place + PreparedDataset.FileName.preparation)
            }
        }
    }

    private static func write(_ ids: [String], to path: String) throws {
        var text: [UInt8] = []
        for id in ids {
            text.append(contentsOf: id.utf8)
            text.append(UInt8(ascii: "\n"))
        }
        try AtomicFile.write(to: path) { sink in try text.withUnsafeBytes { try sink.write($0) } }
    }

    private static func write(titles: [String?], to path: String) throws {
        var text = "item,title\n"
        for (item, title) in titles.enumerated() {
            guard let title else { continue }
            // Each title takes one line of the file.
            let line = String(String.UnicodeScalarView(title.unicodeScalars.map { $0 == "\n" || $0 == "\r" ? " " : $0 }))
            text += "\(item),\"\(line.replacing("\"", with: "\"\""))\"\n"
        }
        try AtomicFile.write(text, to: path)
    }
}
