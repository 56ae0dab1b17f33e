import CArrow
import FoldinInteractions
import FoldinKernels
import FoldinSupport

extension Ratings {
    /// The columns of a table, by name; those that are nil are recognised as in a file with a header.
    package struct TableColumns: Sendable {
        package var user, item, rating, time: String?

        package init(user: String? = nil, item: String? = nil, rating: String? = nil, time: String? = nil) {
            (self.user, self.item, self.rating, self.time) = (user, item, rating, time)
        }
    }

    /// Reads a stream of Arrow's batches, which is released in any case. No column is copied as a whole.
    ///
    /// Ids are whole numbers, texts or dictionaries of these; a number is the same id as its digits in a file. Ratings are numbers, times whole numbers
    /// or times and dates.
    ///
    /// - Parameters:
    ///   - stream: an `ArrowArrayStream`.
    ///   - columns: the names of the columns.
    ///   - keepingTimestamps: whether a column of times is read that `columns` does not name.
    ///   - workers: the threads of later steps.
    /// - Throws: `FoldinError` of kind `usage` for a column that is not there, `badData` with the row for a missing or invalid value and for a stream that
    ///   fails.
    package init(
        arrowStream stream: UnsafeMutableRawPointer, columns: TableColumns = TableColumns(), keepingTimestamps: Bool = false,
        workers: Workers = Workers()
    ) throws {
        let stream = ArrowBatches(taking: stream.assumingMemoryBound(to: ArrowArrayStream.self), path: "table")
        try self.init(stream, columns, keepingTimestamps: keepingTimestamps, workers)
    }

    /// The same for the columns of a file.
    init(
        _ stream: ArrowBatches, _ columns: TableColumns, keepingTimestamps: Bool, _ workers: Workers, file: LineSource? = nil,
        layout: RatingsLayout? = nil
    ) throws {
        let places = try TableLayout(stream.schema(), columns, keepingTimestamps: keepingTimestamps)
        var (userIds, itemIds) = (IdTable(), IdTable())
        var blocks: [RowColumns] = []
        var timestamps: [Int64] = []
        var count = 0
        var block = RatingsBlock(seen: SeenNumbers(byteCount: 0))
        func flush() {
            timestamps += block.timestamps
            blocks.append(RowColumns(block))
            block = RatingsBlock(seen: SeenNumbers(byteCount: 0))
        }
        try stream.withEachBatch { batch in
            for start in stride(from: 0, to: Int(batch.length), by: Self.rowsPerPiece) {
                let rows = start..<min(Int(batch.length), start + Self.rowsPerPiece)
                do throws(FaultInRow) {
                    try places.read(rows, of: batch, into: &block, &userIds, &itemIds)
                } catch {
                    throw error.fault.error(file: stream.path, line: stream.firstRow + count + error.row + 1)
                }
                if block.count >= Self.rowsPerPiece { flush() }
            }
            count += Int(batch.length)
        }
        if block.count > 0 { flush() }
        guard count > 0 else {
            throw FoldinError(.badData, file: file?.path, found: "a table without rows", expected: "at least one interaction")
        }
        try userIds.trimBlanks(file: stream.path, kind: "user")
        try itemIds.trimBlanks(file: stream.path, kind: "item")
        let codes = (Array(0..<UInt32(userIds.count)), Array(0..<UInt32(itemIds.count)))
        self.init(
            rows: blocks.map { CodedRows(columns: $0, codes: codes) }, hasRatings: places.rating != nil,
            timestamps: timestamps, usesCalendar: places.timeUnit != nil, userIds: userIds, itemIds: itemIds, workers: workers,
            files: [file].compactMap { $0 }, layouts: [layout].compactMap { $0 })
    }

    /// Rows that are read at a time.
    private static let rowsPerPiece = 1 << 18
}

/// The places of the columns in each batch.
private struct TableLayout {
    private let box: ArrowSchemaBox
    let user, item: Int
    let rating, time: Int?
    let timeUnit: (units: Int64, milliseconds: Int64)?

    init(_ box: ArrowSchemaBox, _ columns: Ratings.TableColumns, keepingTimestamps: Bool) throws {
        self.box = box
        let schema = box.schema
        guard schema.format.map({ String(cString: $0) }) == "+s", let children = schema.children else {
            throw FoldinError(.badData, found: "an array", expected: "a table with columns for users and items")
        }
        let names = (0..<Int(schema.n_children)).map { children[$0]?.pointee.name.map { String(cString: $0) } ?? "" }
        func place(_ name: String?, _ known: [String], _ kind: String) throws -> Int? {
            guard let name else { return ColumnNames.place(of: known, in: names) }
            if let place = names.firstIndex(of: name) ?? ColumnNames.place(of: [], in: names, preferring: name) { return place }
            throw FoldinError(
                .usage, found: "no column \(name.quoted) for \(kind)",
                expected: "one of \(names.map(\.quoted).joined(separator: ", "))")
        }
        func required(_ name: String?, _ known: [String], _ kind: String) throws -> Int {
            if let place = try place(name, known, kind) { return place }
            throw FoldinError(
                .usage, found: "the columns \(names.map(\.quoted).joined(separator: ", "))",
                expected: "a column that is known to have \(kind), or its name")
        }
        func check(_ place: Int?, _ kind: String, _ expected: String, _ isValid: (ArrowSchema) -> Bool) throws {
            guard let place, let child = children[place]?.pointee, !isValid(child) else { return }
            throw FoldinError(
                .badData,
                found: "the column \(names[place].quoted) of Arrow's type \(String(cString: child.format).quoted) for \(kind)",
                expected: expected)
        }
        user = try required(columns.user, ColumnNames.user, "users")
        item = try required(columns.item, ColumnNames.item, "items")
        rating = try place(columns.rating, ColumnNames.rating, "ratings")
        time = columns.time == nil && !keepingTimestamps ? nil : try place(columns.time, ColumnNames.timestamp, "times")
        try check(user, "users", "whole numbers or texts", ArrowColumn.canBeIds)
        try check(item, "items", "whole numbers or texts", ArrowColumn.canBeIds)
        try check(rating, "ratings", "numbers", ArrowColumn.canBeRatings)
        try check(time, "times", "whole numbers, times or dates", ArrowColumn.canBeTimes)
        timeUnit = time.flatMap { children[$0] }.flatMap { ArrowColumn.timeUnit($0.pointee) }
    }

    private func column(_ place: Int, of batch: ArrowArray) -> ArrowColumn? {
        guard place < batch.n_children, let schema = box.schema.children?[place], let array = batch.children?[place] else {
            return nil
        }
        return ArrowColumn(schema.pointee, array.pointee, offset: Int(batch.offset))
    }

    /// Appends rows of a batch to `block`, with codes of the tables.
    func read(
        _ rows: Range<Int>, of batch: ArrowArray, into block: inout RatingsBlock, _ userIds: inout IdTable,
        _ itemIds: inout IdTable
    ) throws(FaultInRow) {
        guard let users = column(user, of: batch), let items = column(item, of: batch) else {
            throw FaultInRow(
                row: rows.lowerBound, fault: RowFault(found: "a batch of fewer columns", expected: "those of the schema"))
        }
        block.users += try users.codes(rows, in: &userIds, "a user")
        block.items += try items.codes(rows, in: &itemIds, "an item")
        if let ratings = rating.flatMap({ column($0, of: batch) }) {
            for row in rows {
                guard let rating = ratings.rating(row) else {
                    throw FaultInRow(
                        row: row, fault: RowFault(found: "no rating, or one that is not finite", expected: "a finite number"))
                }
                block.ratings.append(rating)
            }
        }
        if let times = time.flatMap({ column($0, of: batch) }) {
            for row in rows {
                guard times.hasValue(row), let time = times.integer(row), let moment = milliseconds(time) else {
                    throw FaultInRow(row: row, fault: RowFault(found: "no time, or one that is too large", expected: "a time"))
                }
                block.timestamps.append(moment)
            }
        }
    }

    /// A time in milliseconds, rounded down; a whole number as it is. Nil if it is too large.
    private func milliseconds(_ time: Int64) -> Int64? {
        guard let timeUnit else { return time }
        let (product, overflow) = time.multipliedReportingOverflow(by: timeUnit.milliseconds)
        guard !overflow else { return nil }
        return product >= 0 ? product / timeUnit.units : -((timeUnit.units - 1 - product) / timeUnit.units)
    }
}
