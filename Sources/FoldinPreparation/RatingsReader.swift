import CFoldinKernels
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
    private var seen: SeenNumbers?

    /// The rows of a block, their times, and for each of the block's own codes the code in the whole file; nil where ids are numbers
    /// that stand for themselves.
    private struct Piece {
        let columns: RowColumns
        let timestamps: [Int64]
        let codes: (users: [UInt32], items: [UInt32])?
    }

    /// The whole file in columns.
    struct Columns {
        /// Piece after piece.
        var rows: [CodedRows]
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
    var isEmpty: Bool { pieces.allSatisfy { $0.columns.count == 0 } }

    /// Parses a stretch of whole lines. Throws `FoldinError` for the first row of the file that is not as it must be.
    mutating func read(_ stretch: UnsafeRawBufferPointer, _ workers: Workers) throws {
        let blocks = cut(stretch)
        let seen = seen ?? SeenNumbers(byteCount: stretch.count)
        self.seen = seen
        let parser = parser
        let parsed = workers.map(blocks.count) { task, _ in
            let block = UnsafeRawBufferPointer(rebasing: stretch[blocks[task]])
            if let start = block.baseAddress { foldin_bring_in(start, block.count) }
            return parser.parse(block, seen: seen)
        }
        for rows in parsed {
            if let fault = rows.fault { throw fault.error(file: path, line: lineCount + rows.lineCount) }
            lineCount += rows.lineCount
            let piece: Piece
            if let numbers = rows.numbers {
                piece = Piece(columns: numbers, timestamps: [], codes: nil)
            } else {
                piece = Piece(
                    columns: RowColumns(rows), timestamps: rows.timestamps,
                    codes: (userIds.merge(rows.userIds), itemIds.merge(rows.itemIds)))
            }
            pieces.append(piece)
            try checkCapacity()
        }
        userIds.add(seen.users)
        itemIds.add(seen.items)
        try checkCapacity()
    }

    private func checkCapacity() throws {
        guard max(userIds.count, itemIds.count) < IdTable.capacity else {
            throw FoldinError(
                .badData, file: path, found: "more than \(IdTable.capacity) different ids", expected: "at most as many")
        }
    }

    /// Everything read so far, in the file's order.
    consuming func columns() -> Columns {
        let numberCodes = (users: userIds.codesOfNumbers, items: itemIds.codesOfNumbers)
        let rows = pieces.map { CodedRows(columns: $0.columns, codes: $0.codes ?? numberCodes) }
        return Columns(rows: rows, timestamps: pieces.flatMap(\.timestamps), userIds: userIds, itemIds: itemIds)
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
