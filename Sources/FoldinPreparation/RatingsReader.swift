import FoldinInteractions
import FoldinKernels

/// Collects the rows of a file from blocks parsed side by side.
struct RatingsReader {
    let path: String
    let parser: any RowParser
    /// Blocks end at the first newline after so many bytes. Fixed, so that nothing depends on the number of threads.
    let blockSize: Int
    private var lineCount: Int
    private var pieces: [Piece] = []
    private var userIds = IdTable()
    private var itemIds = IdTable()

    /// A block with, for each of its own codes, the code in the whole file.
    private struct Piece {
        var rows: RatingsBlock
        var userCodes: [UInt32]
        var itemCodes: [UInt32]
    }

    /// The whole file in columns.
    struct Columns {
        var users: [UInt32]
        var items: [UInt32]
        var ratings: [Float]
        var timestamps: [Int64]
        var userIds: IdTable
        var itemIds: IdTable
    }

    /// A reader for the lines after the first `lineCount`.
    init(path: String, parser: any RowParser, lineCount: Int, blockSize: Int) {
        self.path = path
        self.blockSize = blockSize
        self.parser = parser
        self.lineCount = lineCount
    }

    var hasRatings: Bool { parser.hasRatings }
    var isEmpty: Bool { pieces.allSatisfy { $0.rows.users.isEmpty } }

    /// Parses a stretch of whole lines. Throws `FoldinError` for the first row of the file that is not as it must be.
    mutating func read(_ stretch: UnsafeRawBufferPointer, _ workers: Workers) throws {
        let blocks = cut(stretch)
        let parser = parser
        for rows in workers.map(
            blocks.count, { task, _ in parser.parse(UnsafeRawBufferPointer(rebasing: stretch[blocks[task]])) })
        {
            if let fault = rows.fault { throw fault.error(file: path, line: lineCount + rows.lineCount) }
            lineCount += rows.lineCount
            var piece = Piece(rows: rows, userCodes: userIds.merge(rows.userIds), itemCodes: itemIds.merge(rows.itemIds))
            guard max(userIds.count, itemIds.count) < IdTable.capacity else {
                throw FoldinError(
                    .badData, file: path, found: "more than \(IdTable.capacity) different ids", expected: "at most as many")
            }
            piece.rows.userIds = IdTable()
            piece.rows.itemIds = IdTable()
            pieces.append(piece)
        }
    }

    /// Everything read so far, in the file's order.
    consuming func columns(_ workers: Workers) -> Columns {
        let starts = pieces.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1.rows.users.count) }
        let total = starts[pieces.count]
        let pieces = self.pieces
        func joined<Value>(_ fill: (Piece, UnsafeMutablePointer<Value>) -> Void) -> [Value] {
            [Value](largeCapacity: total) { target in
                // Each piece initialises the places that are its own.
                workers.forEach(pieces.count) { task, _ in fill(pieces[task], target + starts[task]) }
                return total
            }
        }
        func renumbered(_ own: [UInt32], _ codes: [UInt32], _ target: UnsafeMutablePointer<UInt32>) {
            own.withUnsafeBufferPointer { own in
                codes.withUnsafeBufferPointer { codes in
                    for index in 0..<own.count { (target + index).initialize(to: codes[Int(own[index])]) }
                }
            }
        }
        func copied<Value>(_ values: [Value], _ target: UnsafeMutablePointer<Value>) {
            values.withUnsafeBufferPointer { if let base = $0.baseAddress { target.initialize(from: base, count: $0.count) } }
        }
        let hasTimestamps = pieces.contains { !$0.rows.timestamps.isEmpty }
        return Columns(
            users: joined { renumbered($0.rows.users, $0.userCodes, $1) },
            items: joined { renumbered($0.rows.items, $0.itemCodes, $1) },
            ratings: hasRatings ? joined { copied($0.rows.ratings, $1) } : [],
            timestamps: hasTimestamps ? joined { copied($0.rows.timestamps, $1) } : [],
            userIds: userIds, itemIds: itemIds)
    }

    private func cut(_ stretch: UnsafeRawBufferPointer) -> [Range<Int>] {
        var blocks: [Range<Int>] = []
        var start = 0
        while start < stretch.count {
            let aim = min(start + blockSize, stretch.count) - 1
            let end = stretch[aim...].firstIndex(of: 10).map { $0 + 1 } ?? stretch.count
            blocks.append(start..<end)
            start = end
        }
        return blocks
    }
}
