import FoldinInteractions
import Foundation

extension RatingsFormat {
    /// What a file's layout was recognised as, and why.
    struct Detected {
        var format: RatingsFormat
        var isByPosition = false
        var notes: [String] = []
    }

    /// The layout of a file, by its name and the beginning of its (uncompressed) contents, as far as `hints` leave it open.
    ///
    /// Throws `FoldinError` of kind `badData` if nothing fits or two layouts do, saying which options settle it.
    static func detected(
        name path: String, beginning: UnsafeRawBufferPointer, hints: LayoutHints = LayoutHints(),
        options: ReadingOptions = ReadingOptions()
    ) throws -> Detected {
        try LayoutDetector(path, beginning, hints, options).detect()
    }
}

/// Weighs what the first lines of a file show.
private struct LayoutDetector {
    private let path: String
    private let hints: LayoutHints
    private let options: ReadingOptions
    private let beginning: UnsafeRawBufferPointer
    /// The first line that is not blank, without its line end.
    private let first: UnsafeRawBufferPointer

    private static let settle = "--format, --delimiter, --no-header and --user-column, --item-column, ... settle it"

    init(_ path: String, _ beginning: UnsafeRawBufferPointer, _ hints: LayoutHints, _ options: ReadingOptions) throws {
        (self.path, self.hints, self.options) = (path, hints, options)
        self.beginning = beginning
        guard let first = Self.lines(of: beginning, 1).first else {
            throw FoldinError(.badData, file: path, line: 1, found: "no rows of data", expected: "at least one interaction")
        }
        self.first = first
    }

    /// Up to `count` of the first lines that are not blank, without line ends; as many as a megabyte has.
    private static func lines(of bytes: UnsafeRawBufferPointer, _ count: Int) -> [UnsafeRawBufferPointer] {
        var lines: [UnsafeRawBufferPointer] = []
        var place = 0
        while place < bytes.count, lines.count < count, place < 1 << 20 {
            let rest = UnsafeRawBufferPointer(rebasing: bytes[place...])
            guard let start = rest.baseAddress else { break }
            let length = memchr(start, 10, rest.count).map { UnsafeRawPointer($0) - start } ?? rest.count
            var line = UnsafeRawBufferPointer(rebasing: rest[..<length])
            if line.last == 13 { line = UnsafeRawBufferPointer(rebasing: line.dropLast()) }
            if !line.allSatisfy({ $0 == 32 || $0 == 13 || $0 == 9 }) { lines.append(line) }
            place += length + 1
        }
        return lines
    }

    private func lines(_ count: Int) -> [UnsafeRawBufferPointer] { Self.lines(of: beginning, count) }

    func detect() throws -> RatingsFormat.Detected {
        let start = first.drop { $0 == 32 || $0 == 9 }.first
        let isJSON = hints.isJSON ?? (hints.delimiter == nil && start == UInt8(ascii: "{"))
        if isJSON { return try json() }
        if start == UInt8(ascii: "["), hints.delimiter == nil {
            throw error("a JSON array", "one JSON object per line; jq -c '.[]' writes an array so")
        }
        if first.dropLast().contains(13), !first.contains(34) {
            throw error(
                "lines that end in a carriage return alone", "lines that end in LF or CRLF; tr '\\r' '\\n' writes them so")
        }
        if hints.delimiter == nil, hints.user == nil, hints.item == nil, let known = try special() { return known }
        return try delimited()
    }

    // MARK: Layouts of their own

    private func special() throws -> RatingsFormat.Detected? {
        let second = NetflixParser.isMovie(first) ? lines(2).dropFirst().first : nil
        if NetflixParser.isMovie(first), second.map({ $0.split(separator: 44).count == 3 }) ?? true {
            return .init(format: .netflixPrize)
        }
        if fields(first, "\t").contains("user_id:token") { return .init(format: .recBole) }
        let parts = fields(first, "::")
        let isPlain = !first.contains(34) && parts.allSatisfy { part in !part.isEmpty && !part.contains { ",;|\t".contains($0) } }
        if isPlain, (3...4).contains(parts.count) || parts.count == 2 && parts.allSatisfy({ Int($0) != nil }),
            parts.dropFirst(2).allSatisfy({ Double($0) != nil })
        {
            return .init(format: .movieLensDat)
        }
        return nil
    }

    private func json() throws -> RatingsFormat.Detected {
        var keys: [String] = []
        // A key may be missing from the first object.
        for (number, line) in lines(100).enumerated() {
            var object = JSONLine(line)
            do {
                try Self.collect(&object, line, prefix: "", into: &keys)
            } catch {
                // Beyond the first line the parser says where.
                if number == 0 { throw error.error(file: path, line: 1) }
            }
        }
        keys = keys.reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
        func key(_ hint: DelimitedColumns.Column?, _ known: [String], preferring: String? = nil) throws -> String? {
            switch hint {
            case .name(let name): return name
            case .number(let number):
                throw FoldinError(
                    .usage, file: path, found: "the column number \(number) for JSON lines", expected: "a key, such as user_id")
            case nil:
                let plain = keys.filter { !$0.contains(".") }
                return ColumnNames.place(of: known, in: plain, preferring: preferring).map { plain[$0] }
            }
        }
        guard let user = try key(hints.user, ColumnNames.user),
            let item = try key(hints.item, ColumnNames.item, preferring: hints.titleKey)
        else {
            throw error(
                "JSON objects with \(Self.listed(keys))",
                "keys known for user and item; name them with --user-column, --item-column, --rating-column, --time-column")
        }
        let isNamed = hints.user != nil && hints.item != nil
        let rating = isNamed && hints.rating == nil ? nil : try key(hints.rating, ColumnNames.rating)
        let timestamp = try key(hints.timestamp, ColumnNames.timestamp)
        let amazon =
            hints == LayoutHints(titleKey: hints.titleKey) && ["reviewerID", "user_id"].contains(user)
            && ["asin", "parent_asin"].contains(item) && ["overall", "rating"].contains(rating)
        var detected = RatingsFormat.Detected(
            format: amazon
                ? .amazonJSONLines : .jsonLines(JSONKeys(user: user, item: item, rating: rating, timestamp: timestamp)))
        detected.notes = others(keys, than: [user, item, rating, timestamp])
        return detected
    }

    /// The keys of an object, those inside objects and arrays after a point.
    private static func collect(
        _ object: inout JSONLine, _ line: UnsafeRawBufferPointer, prefix: String, into keys: inout [String]
    ) throws(RowFault) {
        var found: [String] = []
        try object.forEachMember { (key, value) throws(RowFault) in
            let name = prefix + String(decoding: key, as: UTF8.self)
            switch value {
            case .object(let range) where prefix.count < 60:
                var inner = JSONLine(line, at: range.lowerBound, end: range.upperBound)
                try collect(&inner, line, prefix: name + ".", into: &found)
            case .array(let range) where prefix.count < 60:
                var array = JSONLine(line, at: range.lowerBound)
                var isFirst = true
                try array.forEachElement { (element) throws(RowFault) in
                    guard isFirst else { return }
                    isFirst = false
                    guard case .object(let range) = element else { return found.append(name) }
                    var inner = JSONLine(line, at: range.lowerBound, end: range.upperBound)
                    try collect(&inner, line, prefix: name + ".", into: &found)
                }
            default: found.append(name)
            }
        }
        keys += found
    }

    // MARK: Columns

    private func delimited() throws -> RatingsFormat.Detected {
        let delimiters = hints.delimiter.map { [$0] } ?? [",", "\t", ";", "|", "::", DelimitedColumns.whitespace]
        let name = (path as NSString).lastPathComponent.lowercased()
        let isRecBole = name.hasSuffix(".inter") || name.hasSuffix(".inter.gz")
        if hints.hasHeader != false {
            for delimiter in delimiters {
                if let found = try named(fields(first, delimiter), delimiter, isTyped: isRecBole) { return found }
            }
            if case .name(let name) = hints.user ?? hints.item {
                throw error(
                    header(delimiters), "a header with a column '\(name)' among others; --delimiter says what separates them")
            }
        }
        if hints.delimiter == nil, hints.user == nil, hints.item == nil, !fields(first, ",", "\t", ";", "|") {
            return try separatedByBlanks()
        }
        for delimiter in delimiters where delimiter != DelimitedColumns.whitespace || hints.delimiter != nil {
            if let found = try numbered(delimiter) { return found }
        }
        throw error(header(delimiters), "columns known for user and item, by a header or by their order; \(Self.settle)")
    }

    /// By the names in a header, and the columns that were asked for.
    private func named(_ fields: [String], _ delimiter: String, isTyped: Bool) throws -> RatingsFormat.Detected? {
        guard fields.count >= 2 else { return nil }
        let typed = isTyped || fields.allSatisfy { $0.contains(":") && !$0.hasPrefix(":") }
        let names = typed ? fields.map { String($0.prefix { $0 != ":" }) } : fields
        let canonical = names.map(ColumnNames.canonical)
        func column(_ hint: DelimitedColumns.Column?, _ known: [String], preferring: String? = nil) -> DelimitedColumns.Column? {
            switch hint {
            case .name(let name):
                let isThere = names.contains(name) || canonical.contains(ColumnNames.canonical(name))
                return isThere ? .name(name) : nil
            case .number(let number): return names.indices.contains(number - 1) ? .number(number) : nil
            case nil: return ColumnNames.place(of: known, among: canonical, preferring: preferring).map { .name(names[$0]) }
            }
        }
        // Columns by number say nothing of a header unless somebody says that there is one.
        if hints.hasHeader == nil, case .number = hints.user, case .number = hints.item { return nil }
        guard let user = column(hints.user, ColumnNames.user),
            let item = column(hints.item, ColumnNames.item, preferring: hints.titleKey), user != item
        else { return nil }
        let isNamed = hints.user != nil && hints.item != nil
        let rating = isNamed && hints.rating == nil ? nil : column(hints.rating, ColumnNames.rating)
        let timestamp = column(hints.timestamp, ColumnNames.timestamp)
        for (hint, found) in [(hints.rating, rating), (hints.timestamp, timestamp)] {
            if case .name(let name) = hint, found == nil {
                throw error(header([delimiter]), "a header with a column '\(name)'")
            }
        }
        let named = [user, item, rating, timestamp].map { column -> String? in
            guard case .name(let name) = column else { return nil }
            return name
        }
        let taken = named.compactMap { $0 }
        if !isNamed, Set(taken).count < taken.count { return nil }
        var detected = RatingsFormat.Detected(format: .movieLensCSV)
        let isUnsaid = hints == LayoutHints(titleKey: hints.titleKey)
        if isUnsaid, delimiter == ",", user == "userId", item == "movieId", [nil, "rating"].contains(rating),
            [nil, "timestamp"].contains(timestamp)
        {
            return detected
        }
        var columns = DelimitedColumns(delimiter: delimiter, user: user, item: item, rating: rating, timestamp: timestamp)
        columns.typed = typed
        detected.format = .delimited(columns)
        detected.notes = others(names, than: named)
        if canonical.contains("bookrating") {
            detected.notes.append(
                "in Book-Crossing's files a rating of 0 means that there is none: --rating-above 0 leaves those rows out")
        }
        return detected
    }

    /// Without a header only the usual order is recognised: user, item, rating and perhaps a time; and the item first where ids tell.
    private func numbered(_ delimiter: String) throws -> RatingsFormat.Detected? {
        let fields = fields(first, delimiter)
        guard fields.count >= 2 else { return nil }
        var columns = DelimitedColumns(delimiter: delimiter, hasHeader: false, user: 1, item: 2)
        if let user = hints.user, let item = hints.item {
            // By number: data in the first line is no header.
            let looksLikeData = hints.hasHeader == false || isData(fields, user, item)
            columns = DelimitedColumns(
                delimiter: delimiter, hasHeader: !looksLikeData, user: user, item: item, rating: hints.rating,
                timestamp: hints.timestamp)
            return .init(format: .delimited(columns))
        }
        guard hints.user == nil, hints.item == nil else { return nil }
        let rows = lines(1_000).map { self.fields($0, delimiter) }.filter { $0.count == fields.count }
        func all(_ column: Int, _ holds: (String) -> Bool) -> Bool { rows.allSatisfy { holds($0[column]) } }
        guard fields.count <= 4, fields.dropFirst(2).allSatisfy({ isNumber($0) || isDate($0) }) else { return nil }
        if fields.count == 2, hints.hasHeader != false, fields.contains(where: { Int($0) == nil }) { return nil }
        for column in 0...1 {
            if all(column, { isDate($0) && Int($0) == nil }) || all(column, { isNumber($0) && Int($0) == nil }) {
                throw error(
                    "\(isDate(fields[column]) ? "dates" : "numbers with decimals") in column \(column + 1)",
                    "ids of users in column 1 and of items in column 2; --no-header --user-column N --item-column N says which is which"
                )
            }
        }
        if rows.count >= 10, fields.count >= 3, let start = Int(rows[0][0]), start == 0 || start == 1,
            rows.indices.allSatisfy({ Int(rows[$0][0]) == start + $0 })
        {
            throw error(
                "a first column that counts the rows",
                "the user in the first column; name the columns: --no-header --user-column 2 ...")
        }
        var notes: [String] = []
        if fields.count >= 3 {
            let times = (2..<fields.count).filter { column in all(column) { isDate($0) || (Double($0) ?? 0) >= 100_000_000 } }
            columns.timestamp = (times.last ?? (fields.count == 4 ? 3 : nil)).map { .number($0 + 1) }
            columns.rating = (2..<fields.count).first { .number($0 + 1) != columns.timestamp }.map { .number($0 + 1) }
            if times.contains(2) { notes.append("column 3 is taken for a time by the size of its numbers") }
        }
        if let rating = hints.rating { columns.rating = rating }
        if let timestamp = hints.timestamp { columns.timestamp = timestamp }
        switch AmazonIds.order(rows.map { ($0[0], $0[1]) }) {
        case .itemFirst:
            (columns.user, columns.item) = (2, 1)
            notes.append("the item is in column 1: its ids are Amazon's of products, those in column 2 of reviewers")
            return .init(format: .delimited(columns), notes: notes)
        case .userFirst: return .init(format: .delimited(columns), notes: notes)
        case .unclear:
            throw error(
                "Amazon's product ids in column 1 and no reviewer ids in column 2",
                "columns that can be told apart; --no-header --user-column N --item-column N says which is which")
        case .unknown: return .init(format: .delimited(columns), isByPosition: true, notes: notes)
        }
    }

    /// Lists of items, unless the lines look like rows of columns.
    private func separatedByBlanks() throws -> RatingsFormat.Detected {
        let lines = lines(2_000)
        let rows = lines.map { fields($0, DelimitedColumns.whitespace) }
        let isList =
            rows[0].allSatisfy { word in !word.contains { ",;|\t:\"".contains($0) } }
            && (rows[0].count > 1 || rows[0].allSatisfy { Int($0) != nil })
            && rows[0].prefix(20).allSatisfy { word in word.utf8.contains { $0 >= 48 && $0 <= 57 } }
        guard isList else {
            throw error(header([DelimitedColumns.whitespace]), "a layout that can be recognised; \(Self.settle)")
        }
        let isEven = rows.count > 1 && (3...4).contains(rows[0].count) && rows.allSatisfy { $0.count == rows[0].count }
        let users = Set(rows.map { $0[0] })
        let hasDecimals = lines.contains { line in
            fields(line, DelimitedColumns.whitespace).contains { word in
                Array(word.utf8).withUnsafeBytes { UserItemListParser.hasDecimals($0) }
            }
        }
        if isEven || users.count < rows.count || hasDecimals {
            let reason =
                users.count < rows.count
                ? "the same user on several lines"
                : hasDecimals ? "numbers with decimals" : "\(rows[0].count) values on every line"
            throw error(
                "'\(text(first).prefix(80))' and \(reason): columns separated by blanks, or lists of items",
                "--delimiter ' ' (or whitespace) for columns, --format user-item-lists for a user and then items")
        }
        return .init(format: .userItemLists)
    }

    // MARK: Fields

    private func text(_ line: UnsafeRawBufferPointer) -> String {
        String(decoding: options.encoding.utf8(line.prefix(100_000)), as: UTF8.self)
    }

    private func fields(_ line: UnsafeRawBufferPointer, _ delimiter: String) -> [String] {
        guard let delimiter = try? Delimiter(delimiter, file: path) else { return [] }
        return delimiter.fields(of: UnsafeRawBufferPointer(rebasing: line.prefix(100_000)), allowsQuotes: options.allowsQuotes)
            .map { String(decoding: options.encoding.utf8($0), as: UTF8.self).trimmingBlanks }
    }

    /// Whether one of some delimiters separates the line.
    private func fields(_ line: UnsafeRawBufferPointer, _ delimiters: String...) -> Bool {
        delimiters.contains { fields(line, $0).count >= 2 }
    }

    private func isNumber(_ field: String) -> Bool {
        options.decimalSeparator == .comma ? Double(field.replacingOccurrences(of: ",", with: ".")) != nil : Double(field) != nil
    }

    private func isDate(_ field: String) -> Bool {
        Array(field.utf8).withUnsafeBytes { TimeNotation.milliseconds($0) != nil }
    }

    /// Whether the first line, its columns asked for by number, holds data.
    private func isData(_ fields: [String], _ user: DelimitedColumns.Column, _ item: DelimitedColumns.Column) -> Bool {
        func field(_ column: DelimitedColumns.Column?) -> String? {
            guard case .number(let number) = column, fields.indices.contains(number - 1) else { return nil }
            return fields[number - 1]
        }
        if let rating = field(hints.rating) { return isNumber(rating) }
        return [field(user), field(item)].allSatisfy { $0.map { Int($0) != nil } ?? false }
    }

    // MARK: Words

    /// What columns of the same kind there are beside the ones taken, which are those of user, item, rating and time.
    private func others(_ names: [String], than taken: [String?]) -> [String] {
        let kinds = [
            ("users", "--user-column", ColumnNames.user, hints.user), ("items", "--item-column", ColumnNames.item, hints.item),
            ("ratings", "--rating-column", ColumnNames.rating, hints.rating),
        ]
        return zip(kinds, taken).compactMap { kind, taken in
            guard kind.3 == nil, let taken else { return nil }
            let also = names.filter { $0 != taken && kind.2.contains(ColumnNames.canonical($0)) }
            return also.isEmpty ? nil : "\(kind.0) are by '\(taken)'; \(kind.1) takes \(Self.listed(also)) instead"
        }
    }

    private func header(_ delimiters: [String]) -> String {
        for delimiter in delimiters where delimiter != DelimitedColumns.whitespace || delimiters.count == 1 {
            let names = fields(first, delimiter)
            if names.count >= 2 {
                return "\(names.count) columns separated by \(Delimiter.shown(delimiter)): \(Self.listed(names))"
            }
        }
        return "'\(text(first).prefix(80))'"
    }

    private static func listed(_ names: [String]) -> String {
        let shown = names.prefix(20).map { "'\($0.prefix(40))'" }.joined(separator: ", ")
        return names.count > 20 ? shown + ", …" : shown
    }

    private func error(_ found: String, _ expected: String) -> FoldinError {
        FoldinError(.badData, file: path, line: 1, found: found, expected: expected)
    }
}
