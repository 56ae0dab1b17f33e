/// The columns that a header names.
struct HeaderColumns {
    let columns: DelimitedColumns
    /// All names of the header, without types.
    let names: [String]
    /// The names of the columns of user, item, rating and time, as far as they have one.
    let chosen: [String?]
}

extension LayoutSample {
    /// The delimiters to try: the one that is given, or all.
    var delimiters: [String] {
        hints.delimiter.map { [$0] } ?? [",", "\t", ";", "|", "::", DelimitedColumns.whitespace]
    }

    /// The header in the first line by the first delimiter that gives known or given columns; nil if none does or there is said to be no header.
    ///
    /// Throws `FoldinError` if a given column of ratings or times is not in a header that has the others.
    func header() throws -> HeaderColumns? {
        if hints.hasHeader == false { return nil }
        for delimiter in delimiters {
            if let header = try header(delimiter: delimiter) { return header }
        }
        return nil
    }

    /// The same by one delimiter.
    func header(delimiter: String) throws -> HeaderColumns? {
        let fields = fields(of: firstLine, delimiter: delimiter)
        guard fields.count >= 2 else { return nil }
        let fileName = path.lowercased()
        let isTyped =
            fileName.hasSuffix(".inter") || fileName.hasSuffix(".inter.gz")
            || fields.allSatisfy { $0.contains(":") && !$0.hasPrefix(":") }
        let names = isTyped ? fields.map { String($0.prefix { $0 != ":" }) } : fields
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
        // Columns given by number are no evidence for a header.
        if hints.hasHeader == nil, case .number = hints.user, case .number = hints.item { return nil }
        guard let user = column(hints.user, ColumnNames.user),
            let item = column(hints.item, ColumnNames.item, preferring: hints.titleKey), user != item
        else { return nil }
        let isNamed = hints.user != nil && hints.item != nil
        let rating = isNamed && hints.rating == nil ? nil : column(hints.rating, ColumnNames.rating)
        let timestamp = column(hints.timestamp, ColumnNames.timestamp)
        for (hint, found) in [(hints.rating, rating), (hints.timestamp, timestamp)] {
            if case .name(let name) = hint, found == nil {
                throw error(described([delimiter]), "a header with a column '\(name)'")
            }
        }
        let chosen = [user, item, rating, timestamp].map { column -> String? in
            guard case .name(let name) = column else { return nil }
            return name
        }
        let different = chosen.compactMap { $0 }
        if !isNamed, Set(different).count < different.count { return nil }
        var columns = DelimitedColumns(delimiter: delimiter, user: user, item: item, rating: rating, timestamp: timestamp)
        columns.typed = isTyped
        return HeaderColumns(columns: columns, names: names, chosen: chosen)
    }
}
