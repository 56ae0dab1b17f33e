import FoldinInteractions
import FoldinSupport

extension DelimitedParser {
    /// The parser for `columns`, whose places and number are determined by the file's first record.
    ///
    /// `firstRow` is the first record that holds data; its time decides the notation of times. Throws `FoldinError` if a required column is
    /// missing, or if what is said to be a header is data.
    init(
        _ columns: DelimitedColumns, _ options: ReadingOptions, firstRecord: UnsafeRawBufferPointer,
        firstRow: UnsafeRawBufferPointer?,
        file: String
    ) throws {
        delimiter = try Delimiter(columns.delimiter, file: file)
        self.options = options
        (first, second, isWhitespace) = (delimiter.first, delimiter.second, delimiter.isWhitespace)
        (allowsQuotes, hasPoints, encoding) = (options.allowsQuotes, options.decimalSeparator == .point, options.encoding)
        let fields = delimiter.fields(of: firstRecord, allowsQuotes: options.allowsQuotes)
        let texts = fields.map { String(decoding: options.encoding.utf8($0), as: UTF8.self) }
        let names = texts.map { columns.typed ? String($0.split(separator: ":", maxSplits: 1).first ?? "") : $0 }
        let resolver = ColumnResolver(names: names, columns: columns, file: file)
        var roles = [Role](repeating: .other, count: names.count)
        let user = try resolver.place(of: columns.user, isOptional: false)
        let item = try resolver.place(of: columns.item, isOptional: false)
        let rating = try columns.rating.flatMap { try resolver.place(of: $0, isOptional: columns.optional) }
        let timestamp = try columns.timestamp.flatMap {
            try resolver.place(of: $0, isOptional: columns.optional || !options.keepsTimestamps)
        }
        for (place, role) in [
            (user, Role.user), (item, .item), (rating, .rating), (options.keepsTimestamps ? timestamp : nil, .timestamp),
        ] {
            guard let place else { continue }
            guard roles[place] == .other else {
                throw FoldinError(
                    .usage, file: file, found: "column \(place + 1) given for two purposes",
                    expected: "a different column for each purpose")
            }
            roles[place] = role
        }
        self.roles = roles
        hasTimes = roles.contains(.timestamp)
        var keptValues: [Set<[UInt8]>?] = []
        for filter in options.keep {
            if keptValues.isEmpty { keptValues = Array(repeating: nil, count: names.count) }
            guard let place = try resolver.place(of: filter.column, isOptional: false) else { continue }
            let values = Set(filter.values.map { Array($0.utf8) })
            keptValues[place] = keptValues[place].map { $0.intersection(values) } ?? values
        }
        self.keptValues = keptValues
        hasFilters = !keptValues.isEmpty
        if columns.hasHeader, let user, let item {
            try resolver.refuseData(user: user, item: item, rating: rating)
            header = (fields[user], fields[item])
        } else {
            header = nil
        }
        var cells: [[UInt8]] = []
        if let firstRow { cells = delimiter.fields(of: firstRow, allowsQuotes: options.allowsQuotes) }
        let time = timestamp.flatMap { cells.indices.contains($0) ? cells[$0] : nil } ?? []
        notation = time.withUnsafeBytes { TimeNotation(of: $0) }
        layout = resolver.layout(
            user: user, item: item, rating: rating, timestamp: timestamp, isTimeRead: options.keepsTimestamps, filters: keptValues
        )
    }
}

/// Finds columns by name or number among those of the first line.
private struct ColumnResolver {
    let names: [String]
    let columns: DelimitedColumns
    let file: String

    /// The place of a column, from 0; nil if it is optional and missing.
    func place(of column: DelimitedColumns.Column, isOptional: Bool) throws -> Int? {
        switch column {
        case .number(let number):
            guard names.indices.contains(number - 1) else {
                if isOptional { return nil }
                throw error("a line with at least \(number) columns, counted from 1, with \(shown) between them")
            }
            return number - 1
        case .name(let name):
            guard columns.hasHeader else {
                throw FoldinError(
                    .usage, file: file, found: "the column name '\(name)' for a file without a header",
                    expected: "a column number from 1")
            }
            let exact = names.indices.filter { names[$0] == name }
            guard exact.count < 2 else { throw error("one column '\(name)', or the number of one of them") }
            if let index = exact.first { return index }
            let alike = names.indices.filter { ColumnNames.canonical(names[$0]) == ColumnNames.canonical(name) }
            if alike.count == 1 { return alike[0] }
            if isOptional { return nil }
            throw error("a header with a column '\(name)', with \(shown) between columns")
        }
    }

    /// Refuses a first line that is said to be a header, has columns given by number, and looks like data.
    func refuseData(user: Int, item: Int, rating: Int?) throws {
        guard case .number = columns.user, case .number = columns.item else { return }
        let values = rating.map { [names[$0]] } ?? [names[user], names[item]]
        guard values.allSatisfy({ Double($0.trimmingBlanks) != nil }) else { return }
        throw error("names of columns in the first line", .dataInHeader)
    }

    func layout(
        user: Int?, item: Int?, rating: Int?, timestamp: Int?, isTimeRead: Bool, filters: [Set<[UInt8]>?]
    ) -> String {
        func shown(_ place: Int) -> String {
            columns.hasHeader ? "'\(names[place])'" : "column \(place + 1)"
        }
        var parts: [String] = []
        if let user { parts.append("user \(shown(user))") }
        if let item { parts.append("item \(shown(item))") }
        if let rating { parts.append("rating \(shown(rating))") }
        if let timestamp { parts.append("time \(shown(timestamp))" + (isTimeRead ? "" : " (not needed)")) }
        let used = [user, item, rating, timestamp].compactMap { $0 } + filters.indices.filter { filters[$0] != nil }
        let others = names.indices.filter { !used.contains($0) }
        var text =
            "\(self.shown) between columns, \(columns.hasHeader ? "a header" : "no header"); " + parts.joined(separator: ", ")
        if !others.isEmpty {
            text += "; not used: " + others.prefix(6).map(shown).joined(separator: ", ") + (others.count > 6 ? ", …" : "")
        }
        return text
    }

    private var shown: String { Delimiter.shown(columns.delimiter) }

    private func error(_ expected: String, _ reason: FoldinError.Reason? = nil) -> FoldinError {
        let separator = columns.delimiter == DelimitedColumns.whitespace ? " " : columns.delimiter
        let text = names.prefix(8).joined(separator: separator).prefix(100)
        return FoldinError(
            .badData, file: file, line: 1,
            found: "'\(text)' (\(names.count) column\(names.count == 1 ? "" : "s"))", expected: expected,
            reason: reason)
    }
}

extension String {
    /// The string without blanks and tabs at its ends.
    var trimmingBlanks: String {
        var rest = self[...]
        while let first = rest.first, first == " " || first == "\t" { rest.removeFirst() }
        while let last = rest.last, last == " " || last == "\t" { rest.removeLast() }
        return rest.startIndex == startIndex && rest.endIndex == endIndex ? self : String(rest)
    }
}
