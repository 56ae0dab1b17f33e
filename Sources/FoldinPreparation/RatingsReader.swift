import CFoldinKernels
import FoldinInteractions
import FoldinKernels
import FoldinSupport

/// Collects the rows of a file from blocks that are parsed in parallel.
///
/// Each block is parsed as if it began with a row. A block whose predecessor ends inside a quoted field is discarded and parsed again
/// together with the row that was cut.
struct RatingsReader {
    let path: String
    let parser: any RatingsParser
    /// Blocks end at the first newline after this number of bytes, whatever the number of threads.
    let blockSize: Int
    private var lineCount: Int
    private var pieces: [Piece] = []
    private var userIds = IdTable()
    private var itemIds = IdTable()
    private var seen: SeenNumbers?
    /// The beginning of a row, or of rows that belong together, which the next stretch continues.
    private var carried: [UInt8] = []
    /// The users that had a line, if each may have one only.
    private var isListed: Set<UInt32> = []
    private(set) var badRows = BadRows()
    private(set) var notKept = 0
    /// Whether rows were discarded; then the tables may have ids without rows.
    private var hasDiscarded = false

    /// The rows of a block, their times, and for each of the block's own codes the code in the whole file; nil if ids are small
    /// numbers and are their own codes.
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
        /// How many ids have rows.
        var userCount: Int
        var itemCount: Int
    }

    /// A reader for the lines after the first `lineCount`.
    init(path: String, parser: any RatingsParser, lineCount: Int, blockSize: Int) {
        self.path = path
        self.blockSize = blockSize
        self.parser = parser
        self.lineCount = lineCount
    }

    var hasRatings: Bool { parser.hasRatings }
    var isEmpty: Bool { pieces.allSatisfy { $0.columns.count == 0 } }

    /// Parses a stretch of whole lines. Throws `FoldinError` for the first malformed row of the file beyond the limit.
    mutating func read(_ stretch: UnsafeRawBufferPointer, _ workers: Workers) throws {
        let seen = seen ?? SeenNumbers(byteCount: stretch.count)
        self.seen = seen
        var rest = stretch
        while !carried.isEmpty, !rest.isEmpty {
            // A copy of the carried bytes and what follows; usually a row and a block.
            let next = cut(rest)[0]
            let joined = carried + rest[next]
            carried = []
            try joined.withUnsafeBytes { try readRows(of: $0, seen, workers) }
            rest = UnsafeRawBufferPointer(rebasing: rest[next.upperBound...])
        }
        if !rest.isEmpty { try readRows(of: rest, seen, workers) }
    }

    /// Parses the carried bytes. Call once, after all stretches.
    mutating func finish() throws {
        guard let seen else { return }
        let rest = carried
        carried = []
        if !rest.isEmpty { try rest.withUnsafeBytes { try accept(parser.parse($0, isLast: true, seen: seen)) } }
        userIds.add(seen.users)
        itemIds.add(seen.items)
        try checkCapacity()
    }

    private mutating func readRows(of stretch: UnsafeRawBufferPointer, _ seen: SeenNumbers, _ workers: Workers) throws {
        let whole = UnsafeRawBufferPointer(rebasing: stretch[..<parser.wholeRows(of: stretch)])
        let blocks = cut(whole)
        let parser = parser
        let parsed = workers.map(blocks.count) { task, _ in
            let block = UnsafeRawBufferPointer(rebasing: whole[blocks[task]])
            if let start = block.baseAddress { foldin_populate_pages(start, block.count) }
            return parser.parse(block, seen: seen)
        }
        var accepted = 0
        for (index, rows) in parsed.enumerated() {
            if blocks[index].lowerBound < accepted {
                hasDiscarded = true
                continue
            }
            accepted = blocks[index].upperBound
            try accept(rows)
            guard var start = rows.openRow.map({ blocks[index].lowerBound + $0 }) else { continue }
            for next in blocks[(index + 1)...] {
                let again = parser.parse(UnsafeRawBufferPointer(rebasing: whole[start..<next.upperBound]), seen: seen)
                try accept(again)
                accepted = next.upperBound
                start = again.openRow.map { start + $0 } ?? next.upperBound
                if again.openRow == nil { break }
            }
            if start < accepted { carried = Array(whole[start..<accepted]) }
        }
        carried.append(contentsOf: stretch[whole.count...])
    }

    private mutating func accept(_ rows: RatingsBlock) throws {
        try note(rows)
        lineCount += rows.lineCount
        notKept += rows.notKept
        let piece: Piece
        if let numbers = rows.numbers {
            piece = Piece(columns: numbers, timestamps: [], codes: nil)
        } else {
            let codes = (users: userIds.merge(rows.userIds), items: itemIds.merge(rows.itemIds))
            for (user, line) in rows.listUsers where !isListed.insert(codes.users[Int(user)]).inserted {
                throw FoldinError(
                    .badData, file: path, line: lineCount - rows.lineCount + line,
                    found: "a second line of the user '\(rows.userIds[Int(user)])'",
                    expected: "a list of items, where each user has one line", reason: .rowsOrLists)
            }
            piece = Piece(columns: RowColumns(rows), timestamps: rows.timestamps, codes: codes)
        }
        pieces.append(piece)
        try checkCapacity()
    }

    /// Counts the malformed rows of a block; throws for the first beyond the limit.
    private mutating func note(_ rows: RatingsBlock) throws {
        let limit = parser.options.badRowLimit
        let all = rows.badRows + (rows.fault.map { [(line: rows.lineCount, fault: $0)] } ?? [])
        for (line, fault) in all {
            let error = fault.error(file: path, line: lineCount + line)
            guard badRows.count < limit else {
                if limit == 0 { throw error }
                throw FoldinError(
                    error.kind, file: error.file, line: error.line,
                    found: "\(error.found), after \(limit) malformed row\(limit == 1 ? "" : "s") skipped",
                    expected: error.expected, reason: error.reason)
            }
            badRows.add(error)
            hasDiscarded = true
        }
    }

    private func checkCapacity() throws {
        guard max(userIds.count, itemIds.count) < IdTable.capacity else {
            throw FoldinError(
                .badData, file: path, found: "more than \(IdTable.capacity) different ids", expected: "at most as many")
        }
    }

    /// Everything read, in the file's order. Throws `FoldinError` if two ids differ by blanks around them only.
    consuming func columns() throws -> Columns {
        try userIds.trimBlanks(file: path, kind: "user")
        try itemIds.trimBlanks(file: path, kind: "item")
        let numberCodes = (users: userIds.codesOfNumbers, items: itemIds.codesOfNumbers)
        let rows = pieces.map { CodedRows(columns: $0.columns, codes: $0.codes ?? numberCodes) }
        var columns = Columns(
            rows: rows, timestamps: pieces.flatMap(\.timestamps), userIds: userIds, itemIds: itemIds, userCount: userIds.count,
            itemCount: itemIds.count)
        if hasDiscarded {
            columns.userCount = Set(rows.flatMap { piece in piece.columns.users.map { piece.codes.users[Int($0)] } }).count
            columns.itemCount =
                Set(
                    rows.flatMap { piece in (0..<piece.count).map { piece.codes.items[Int(piece.columns.item($0))] } }
                ).count
        }
        return columns
    }

    private func cut(_ stretch: UnsafeRawBufferPointer) -> [Range<Int>] {
        var blocks: [Range<Int>] = []
        var start = 0
        while start < stretch.count {
            let end = parser.blockEnd(in: stretch, from: min(start + blockSize, stretch.count) - 1)
            blocks.append(start..<end)
            start = end
        }
        return blocks
    }
}
