import CArrow
import FoldinSupport
import Foundation

/// A column of one batch: an array of Arrow with the first row's place in it.
struct ArrowColumn {
    /// The format, as a schema spells it; that of the indices if there is a dictionary.
    let format: String
    let array: ArrowArray
    /// The place of the first row.
    let first: Int
    /// The format of the dictionary's values; nil without one.
    let dictionaryFormat: String?

    /// - Parameter offset: the offset of the structure whose child this is.
    init(_ schema: ArrowSchema, _ array: ArrowArray, offset: Int) {
        format = schema.format.map { String(cString: $0) } ?? ""
        self.array = array
        first = Int(array.offset) + offset
        dictionaryFormat = schema.dictionary?.pointee.format.map { String(cString: $0) }
    }

    /// Whether `row` has a value.
    func hasValue(_ row: Int) -> Bool {
        guard array.null_count != 0, array.n_buffers > 0, let bits = array.buffers?[0] else { return true }
        let place = first + row
        return bits.load(fromByteOffset: place >> 3, as: UInt8.self) >> (place & 7) & 1 == 1
    }

    /// A buffer as values of one type, from the first row on; nil for one that is not there.
    private func values<Value>(_ type: Value.Type, in buffer: Int) -> UnsafePointer<Value>? {
        guard buffer < array.n_buffers, let start = array.buffers?[buffer] else { return nil }
        return start.assumingMemoryBound(to: Value.self) + first
    }

    // MARK: Ids

    /// Whether ids can be read: whole numbers, texts, or a dictionary of these.
    static func canBeIds(_ schema: ArrowSchema) -> Bool {
        let format = String(cString: schema.format)
        if let dictionary = schema.dictionary { return isInteger(format) && canBeIds(dictionary.pointee) }
        return isInteger(format) || ["u", "U", "vu", "z", "Z", "vz"].contains(format)
    }

    private static func isInteger(_ format: String) -> Bool { format.count == 1 && "cCsSiIlL".contains(format) }

    /// The codes in `table` of the ids in `rows`, new ones for new ids.
    ///
    /// - Throws: `RowFault` and the row for a missing id and one that is not valid.
    func codes(_ rows: Range<Int>, in table: inout IdTable, _ kind: StaticString) throws(FaultInRow) -> [UInt32] {
        if let dictionaryFormat, let dictionary = array.dictionary {
            return try codes(rows, dictionaryFormat, dictionary.pointee, in: &table, kind)
        }
        switch format {
        case "c": return try integers(Int8.self, rows, in: &table, kind)
        case "C": return try integers(UInt8.self, rows, in: &table, kind)
        case "s": return try integers(Int16.self, rows, in: &table, kind)
        case "S": return try integers(UInt16.self, rows, in: &table, kind)
        case "i": return try integers(Int32.self, rows, in: &table, kind)
        case "I": return try integers(UInt32.self, rows, in: &table, kind)
        case "l": return try integers(Int64.self, rows, in: &table, kind)
        case "L": return try integers(UInt64.self, rows, in: &table, kind)
        default:
            var codes: [UInt32] = []
            codes.reserveCapacity(rows.count)
            for row in rows {
                guard hasValue(row), let text = text(row) else { throw Self.missing(row, kind) }
                codes.append(try Self.code(of: text, in: &table, kind, row))
            }
            return codes
        }
    }

    private static func missing(_ row: Int, _ kind: StaticString) -> FaultInRow {
        FaultInRow(row: row, fault: RowFault(found: "nothing", expected: "\(kind) id"))
    }

    /// The code of an id's bytes.
    private static func code(
        of bytes: UnsafeRawBufferPointer, in table: inout IdTable, _ kind: StaticString, _ row: Int
    ) throws(FaultInRow) -> UInt32 {
        do throws(RowFault) { return try Field.code(of: bytes, .utf8, &table, kind) } catch {
            throw FaultInRow(row: row, fault: error)
        }
    }

    private func integers<Number: FixedWidthInteger>(
        _ type: Number.Type, _ rows: Range<Int>, in table: inout IdTable, _ kind: StaticString
    ) throws(FaultInRow) -> [UInt32] {
        var codes: [UInt32] = []
        codes.reserveCapacity(rows.count)
        let numbers = values(type, in: 1)
        for row in rows {
            guard let number = numbers?[row], hasValue(row) else { throw Self.missing(row, kind) }
            if number >= 0, number < Number(clamping: IdTable.smallBound) {
                codes.append(table.code(ofNumber: UInt32(truncatingIfNeeded: number)))
                continue
            }
            let code = try Array(String(number).utf8).withUnsafeBufferPointer { digits throws(FaultInRow) in
                try Self.code(of: UnsafeRawBufferPointer(digits), in: &table, kind, row)
            }
            codes.append(code)
        }
        return codes
    }

    /// The ids of a dictionary: each value gets its code when a row first has it.
    private func codes(
        _ rows: Range<Int>, _ format: String, _ dictionary: ArrowArray, in table: inout IdTable, _ kind: StaticString
    ) throws(FaultInRow) -> [UInt32] {
        var schema = ArrowSchema()
        let values = format.withCString { text in
            schema.format = text
            return ArrowColumn(schema, dictionary, offset: 0)
        }
        let unknown = UInt32.max
        var known = [UInt32](repeating: unknown, count: Int(dictionary.length))
        var codes: [UInt32] = []
        codes.reserveCapacity(rows.count)
        for row in rows {
            guard hasValue(row), let place = integer(row).flatMap({ Int(exactly: $0) }), known.indices.contains(place) else {
                throw Self.missing(row, kind)
            }
            if known[place] == unknown {
                do throws(FaultInRow) { known[place] = try values.codes(place..<place + 1, in: &table, kind)[0] } catch {
                    throw FaultInRow(row: row, fault: error.fault)
                }
            }
            codes.append(known[place])
        }
        return codes
    }

    /// The bytes of a text.
    private func text(_ row: Int) -> UnsafeRawBufferPointer? {
        switch format {
        case "u", "z": text(row, Int32.self)
        case "U", "Z": text(row, Int64.self)
        default: view(row)
        }
    }

    private func text<Place: FixedWidthInteger>(_ row: Int, _ type: Place.Type) -> UnsafeRawBufferPointer? {
        guard let ends = values(type, in: 1), array.n_buffers > 2 else { return nil }
        let (start, end) = (Int(ends[row]), Int(ends[row + 1]))
        guard let bytes = array.buffers?[2], start <= end else {
            return start == end ? UnsafeRawBufferPointer(start: nil, count: 0) : nil
        }
        return UnsafeRawBufferPointer(start: bytes + start, count: end - start)
    }

    /// A text of a column of views: up to 12 bytes in the view itself, longer ones in one of the buffers behind it.
    private func view(_ row: Int) -> UnsafeRawBufferPointer? {
        guard array.n_buffers > 1, let views = array.buffers?[1] else { return nil }
        let view = views + 16 * (first + row)
        let count = Int(view.loadUnaligned(as: Int32.self))
        if count <= 12 { return UnsafeRawBufferPointer(start: view + 4, count: max(0, count)) }
        let buffer = 2 + Int(view.loadUnaligned(fromByteOffset: 8, as: Int32.self))
        guard buffer < array.n_buffers, let bytes = array.buffers?[buffer] else { return nil }
        return UnsafeRawBufferPointer(start: bytes + Int(view.loadUnaligned(fromByteOffset: 12, as: Int32.self)), count: count)
    }

    // MARK: Numbers

    /// Whether ratings can be read: numbers.
    static func canBeRatings(_ schema: ArrowSchema) -> Bool {
        let format = String(cString: schema.format)
        return schema.dictionary == nil && (isInteger(format) || format == "f" || format == "g")
    }

    /// How many units of a time are a millisecond, and how many milliseconds a unit; nil for a format that is no time.
    static func timeUnit(_ schema: ArrowSchema) -> (units: Int64, milliseconds: Int64)? {
        switch String(cString: schema.format) {
        case let format where format.hasPrefix("tss:"): (1, 1_000)
        case let format where format.hasPrefix("tsm:"): (1, 1)
        case let format where format.hasPrefix("tsu:"): (1_000, 1)
        case let format where format.hasPrefix("tsn:"): (1_000_000, 1)
        case "tdD": (1, 86_400_000)
        case "tdm": (1, 1)
        default: nil
        }
    }

    /// Whether times can be read: whole numbers, or times and dates.
    static func canBeTimes(_ schema: ArrowSchema) -> Bool {
        schema.dictionary == nil && (isInteger(String(cString: schema.format)) || timeUnit(schema) != nil)
    }

    /// A whole number, also that of a time.
    func integer(_ row: Int) -> Int64? {
        switch format {
        case "c": values(Int8.self, in: 1).map { Int64($0[row]) }
        case "C": values(UInt8.self, in: 1).map { Int64($0[row]) }
        case "s": values(Int16.self, in: 1).map { Int64($0[row]) }
        case "S": values(UInt16.self, in: 1).map { Int64($0[row]) }
        case "i", "tdD": values(Int32.self, in: 1).map { Int64($0[row]) }
        case "I": values(UInt32.self, in: 1).map { Int64($0[row]) }
        case "L": values(UInt64.self, in: 1).flatMap { Int64(exactly: $0[row]) }
        default: values(Int64.self, in: 1).map { $0[row] }
        }
    }

    /// A rating; nil for one that is missing or not finite.
    func rating(_ row: Int) -> Float? {
        guard hasValue(row) else { return nil }
        let value: Float? =
            switch format {
            case "f": values(Float.self, in: 1)?[row]
            case "g": values(Double.self, in: 1).map { Float($0[row]) }
            default: integer(row).map(Float.init)
            }
        return value.flatMap { $0.isFinite ? $0 : nil }
    }
}

/// What is wrong in a row of a batch.
struct FaultInRow: Error {
    let row: Int
    let fault: RowFault
}
