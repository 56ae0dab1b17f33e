import FoldinInteractions

extension DelimitedParser {
    /// The parser for `columns`, whose places and number come from the file's first line.
    ///
    /// Throws `FoldinError` if a column that must be there is not.
    init(_ columns: DelimitedColumns, firstLine: UnsafeRawBufferPointer, file: String, keepingTimestamps: Bool) throws {
        let delimiter = Array(columns.delimiter.utf8)
        // Letters, digits and what numbers are written with cannot stand between fields.
        let reserved = Set("\n\r\".+-_".utf8)
        func canDelimit(_ byte: UInt8) -> Bool {
            byte < 0x80 && !reserved.contains(byte) && !(UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte)
                && !(UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte | 0x20)
        }
        guard delimiter.count == 1 || delimiter.count == 2, delimiter.allSatisfy(canDelimit) else {
            throw FoldinError(
                .usage, file: file, found: "the delimiter '\(columns.delimiter)'",
                expected: "one or two ASCII characters that are no letters, digits, quotes, points or signs")
        }
        first = delimiter[0]
        second = delimiter.count == 2 ? delimiter[1] : 0
        allowsQuotes = columns.delimiter == "," || columns.delimiter == ";"

        let fields = Self.fields(firstLine, delimiter, allowsQuotes: allowsQuotes)
        let names = fields.map { columns.typed ? String($0.split(separator: ":", maxSplits: 1).first ?? "") : $0 }
        let resolver = ColumnResolver(names: names, columns: columns, file: file)
        var roles = [Role](repeating: .other, count: names.count)
        try resolver.resolve(columns.user, isOptional: false, as: .user, &roles)
        try resolver.resolve(columns.item, isOptional: false, as: .item, &roles)
        if let rating = columns.rating { try resolver.resolve(rating, isOptional: columns.optional, as: .rating, &roles) }
        if keepingTimestamps, let timestamp = columns.timestamp {
            try resolver.resolve(timestamp, isOptional: columns.optional, as: .timestamp, &roles)
        }
        self.roles = roles
    }

    /// The fields of a line, without quotes.
    static func fields(_ line: UnsafeRawBufferPointer, _ delimiter: [UInt8], allowsQuotes: Bool) -> [String] {
        var fields: [String] = []
        var field: [UInt8] = []
        var isQuoted = false
        var place = 0
        while place < line.count {
            let byte = line[place]
            if allowsQuotes, byte == 34, isQuoted || field.isEmpty {
                if isQuoted, place + 1 < line.count, line[place + 1] == 34 {
                    field.append(34)
                    place += 1
                } else {
                    isQuoted.toggle()
                }
            } else if !isQuoted, line[place...].starts(with: delimiter) {
                fields.append(String(decoding: field, as: UTF8.self))
                field = []
                place += delimiter.count - 1
            } else {
                field.append(byte)
            }
            place += 1
        }
        return fields + [String(decoding: field, as: UTF8.self)]
    }
}

/// Finds columns by name or number among those of the first line.
private struct ColumnResolver {
    let names: [String]
    let columns: DelimitedColumns
    let file: String

    func resolve(
        _ column: DelimitedColumns.Column, isOptional: Bool, as role: DelimitedParser.Role, _ roles: inout [DelimitedParser.Role]
    ) throws {
        let place: Int
        switch column {
        case .number(let number):
            place = number - 1
            guard names.indices.contains(place) else {
                if isOptional { return }
                throw error("a line with at least \(number) columns, counted from 1, with '\(shown)' between them")
            }
        case .name(let name):
            guard columns.hasHeader else {
                throw FoldinError(
                    .usage, file: file, found: "the column name '\(name)' for a file without a header",
                    expected: "a column number from 1")
            }
            guard let index = names.firstIndex(of: name) else {
                if isOptional { return }
                throw error("a header with a column '\(name)', with '\(shown)' between columns")
            }
            place = index
        }
        guard roles[place] == .other else {
            throw FoldinError(
                .usage, file: file, found: "column \(place + 1) asked for twice", expected: "a different column for each purpose")
        }
        roles[place] = role
    }

    private var shown: String { columns.delimiter == "\t" ? "tab" : columns.delimiter }

    private func error(_ expected: String) -> FoldinError {
        let text = names.prefix(8).joined(separator: columns.delimiter).prefix(100)
        return FoldinError(
            .badData, file: file, line: 1,
            found: "'\(text)' (\(names.count) column\(names.count == 1 ? "" : "s"))", expected: expected)
    }
}
