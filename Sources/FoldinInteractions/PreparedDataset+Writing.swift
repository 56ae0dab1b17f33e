import FoldinKernels
import Foundation

extension PreparedDataset {
    /// Writes the prepared directory: five files of index pairs, the raw ids, titles if there are any, `prepare.json`.
    ///
    /// The directory appears whole or not at all. A prepared directory that is there already is replaced; any other that is
    /// not empty is refused. Throws `FoldinError` of kind `cannotCreate` or `writeFailed`. Writes about 20 million rows/s.
    public func write(to directory: String, workers: Workers = Workers()) throws {
        let rows = rows ?? PreparedRows(of: self)
        func isPrepared(_ names: [String]) -> Bool { names.contains(FileName.train) && FileName.all.isSuperset(of: names) }
        try AtomicDirectory.write(to: directory, replacing: isPrepared) { temporary in
            let place = temporary + "/"
            for (name, part) in [
                (FileName.train, rows.train), (FileName.validationFoldIn, rows.validationFoldIn),
                (FileName.validationHeldOut, rows.validationHeldOut), (FileName.testFoldIn, rows.testFoldIn),
                (FileName.testHeldOut, rows.testHeldOut),
            ] {
                try part.write(to: place + name, workers: workers)
            }
            try Self.write(items.ids, to: place + FileName.items)
            try Self.write(users.ids, to: place + FileName.users)
            if titles.contains(where: { $0 != nil }) { try Self.write(titles: titles, to: place + FileName.titles) }
            if let preparation {
                let encoder = JSONEncoder()
                encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
                let text = String(decoding: try encoder.encode(preparation), as: UTF8.self)
                try AtomicFile.write(text + "\n", to: place + FileName.preparation)
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
            // A title takes one line of the file, so that line numbers stay item numbers for people.
            let line = String(String.UnicodeScalarView(title.unicodeScalars.map { $0 == "\n" || $0 == "\r" ? " " : $0 }))
            text += "\(item),\"\(line.replacing("\"", with: "\"\""))\"\n"
        }
        try AtomicFile.write(text, to: path)
    }
}

extension PreparedRows.Part {
    /// Writes `user,item` and a line a row: pieces of rows made into text by `workers`, eight for each at a time.
    func write(to path: String, workers: Workers) throws {
        let size = 1 << 15
        let buffers = UnsafeMutablePointer<UInt8>.allocate(capacity: 8 * workers.count * size * 22)
        defer { buffers.deallocate() }
        try AtomicFile.write(to: path) { sink in
            try Array("user,item\n".utf8).withUnsafeBytes { try sink.write($0) }
            for start in stride(from: 0, to: count, by: 8 * workers.count * size) {
                let rows = start..<min(count, start + 8 * workers.count * size)
                // Each piece writes the buffer that is its own.
                let texts = workers.map((rows.count + size - 1) / size) { piece, _ in
                    let first = buffers + piece * size * 22
                    let rows = start + piece * size..<min(rows.upperBound, start + (piece + 1) * size)
                    return SendableBytes(bytes: UnsafeRawBufferPointer(start: first, count: text(of: rows, at: first) - first))
                }
                for text in texts { try sink.write(text.bytes) }
            }
        }
    }

    /// Bytes that one task has written and that are read after it has ended, hence sendable.
    private struct SendableBytes: @unchecked Sendable {
        let bytes: UnsafeRawBufferPointer
    }

    /// Writes the lines of `rows` and returns where they end. At most 22 bytes a row.
    private func text(of rows: Range<Int>, at start: UnsafeMutablePointer<UInt8>) -> UnsafeMutablePointer<UInt8> {
        var end = start
        for row in rows {
            end = Self.append(users[row], to: end)
            end.pointee = UInt8(ascii: ",")
            end = Self.append(items[row], to: end + 1)
            end.pointee = UInt8(ascii: "\n")
            end += 1
        }
        return end
    }

    /// Writes a number that is not negative in decimal and returns where it ends. At most 10 bytes.
    @inline(__always)
    private static func append(_ number: Int32, to start: UnsafeMutablePointer<UInt8>) -> UnsafeMutablePointer<UInt8> {
        var rest = UInt32(bitPattern: number)
        var digits = 1
        var power: UInt32 = 10
        while digits < 10, rest >= power {
            digits += 1
            power = digits < 10 ? power &* 10 : power
        }
        var place = digits
        while place > 0 {
            place -= 1
            start[place] = UInt8(truncatingIfNeeded: rest % 10) &+ 48
            rest /= 10
        }
        return start + digits
    }
}
