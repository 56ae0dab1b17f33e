import CFoldinKernels
import FoldinInteractions
import FoldinKernels

/// Collects the rows of a file from blocks parsed side by side.
///
/// A block may end inside a quoted field. Each is parsed as if it began with a row; one whose predecessor ends inside quotes is thrown away
/// and parsed again together with the row it cut.
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
    /// The beginning of a row, or of rows that belong together, whose rest is still to come.
    private var carried: [UInt8] = []
    /// Which users had a line, where each may have one only.
    private var isListed: Set<UInt32> = []
    private(set) var badRows = BadRows()
    private(set) var notKept = 0
    /// Whether rows were thrown away, whose ids may stand in the tables for nothing.
    private var hasThrownAway = false

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
        /// How many ids have rows.
        var userCount: Int
        var itemCount: Int
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
        let seen = seen ?? SeenNumbers(byteCount: stretch.count)
        self.seen = seen
        var rest = stretch
        while !carried.isEmpty, !rest.isEmpty {
            // With what was carried over first, in a copy; mostly that is a row and a block.
            let next = cut(rest)[0]
            let joined = carried + rest[next]
            carried = []
            try joined.withUnsafeBytes { try readRows(of: $0, seen, workers) }
            rest = UnsafeRawBufferPointer(rebasing: rest[next.upperBound...])
        }
        if !rest.isEmpty { try readRows(of: rest, seen, workers) }
    }

    /// Parses what was carried over. To be called once, after all stretches.
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
                hasThrownAway = true
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
                    expected: "a list of items, where each user has one line; \(UserItemListParser.otherwise)")
            }
            piece = Piece(columns: RowColumns(rows), timestamps: rows.timestamps, codes: codes)
        }
        pieces.append(piece)
        try checkCapacity()
    }

    /// Counts the malformed rows of a block, and throws for the first that is one too many.
    private mutating func note(_ rows: RatingsBlock) throws {
        let limit = parser.options.badRowLimit
        let all = rows.badRows + (rows.fault.map { [(line: rows.lineCount, fault: $0)] } ?? [])
        for (line, fault) in all {
            let error = fault.error(file: path, line: lineCount + line)
            guard badRows.count < limit else {
                if limit == 0 { throw error }
                throw FoldinError(
                    error.kind, file: error.file, line: error.line,
                    found: "\(error.found), after \(limit) malformed row\(limit == 1 ? "" : "s") passed over",
                    expected: error.expected)
            }
            badRows.add(error)
            hasThrownAway = true
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
        if hasThrownAway {
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
