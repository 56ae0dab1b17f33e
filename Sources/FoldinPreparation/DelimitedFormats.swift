import FoldinInteractions

extension RatingsFormat {
    /// Columns separated by commas, tabs or other characters.
    public static func delimited(_ columns: DelimitedColumns) -> RatingsFormat {
        RatingsFormat(name: Kind.delimited.name, columns: .delimited(columns), parserAndHeader: { try columns.parser(of: $0) })
    }

    /// MovieLens's `ratings.csv`: commas, a header with `userId`, `movieId` and perhaps `rating` and `timestamp`.
    public static let movieLensCSV = RatingsFormat(
        name: "movielens-csv",
        own: DelimitedColumns(user: "userId", item: "movieId", rating: "rating", timestamp: "timestamp", optional: true))

    /// MovieLens's `ratings.dat`: `user::item::rating::timestamp`, no header.
    public static let movieLensDat = RatingsFormat(
        name: "movielens-dat",
        own: DelimitedColumns(
            delimiter: "::", hasHeader: false, user: 1, item: 2, rating: 3, timestamp: 4, optional: true))

    /// RecBole's `.inter`: tabs, a header of `name:type`, such as `user_id:token`.
    public static let recBole = RatingsFormat(
        name: "recbole",
        own: DelimitedColumns(
            delimiter: "\t", user: "user_id", item: "item_id", rating: "rating", timestamp: "timestamp", optional: true,
            typed: true))

    private init(name: String, own columns: DelimitedColumns) {
        self.init(name: name, parserAndHeader: { try columns.parser(of: $0) })
    }
}

extension DelimitedColumns {
    /// The parser of the file that `sample` comes from, and the length of its header.
    fileprivate func parser(of sample: LayoutSample) throws -> (parser: any RatingsParser, headerLength: Int) {
        let delimiter = try Delimiter(delimiter, file: sample.path)
        let first = sample.record(at: 0, delimiter)
        let row = hasHeader && first.next < sample.bytes.count ? sample.record(at: first.next, delimiter).text : first.text
        let parser = try DelimitedParser(self, sample.options, firstRecord: first.text, firstRow: row, file: sample.path)
        return (parser, hasHeader ? first.next : 0)
    }
}

extension RatingsFormat.Kind {
    /// Recognised by its header.
    static let movieLensCSV = Self(name: "movielens-csv", format: .movieLensCSV) { sample in
        guard sample.hasNoHints, let columns = try sample.header(delimiter: ",")?.columns, columns.user == "userId",
            columns.item == "movieId", [nil, "rating"].contains(columns.rating), [nil, "timestamp"].contains(columns.timestamp)
        else { return nil }
        return RecognisedLayout(.movieLensCSV)
    }

    /// Recognised by `::` between plain values: two whole numbers, or two ids and one or two numbers.
    static let movieLensDat = Self(name: "movielens-dat", format: .movieLensDat) { sample in
        let fields = sample.fields(of: sample.firstLine, delimiter: "::")
        guard sample.leavesColumnsOpen, !sample.firstLine.contains(34),
            fields.allSatisfy({ field in !field.isEmpty && !field.contains { ",;|\t".contains($0) } }),
            (3...4).contains(fields.count) || fields.count == 2 && fields.allSatisfy({ Int($0) != nil }),
            fields.dropFirst(2).allSatisfy({ Double($0) != nil })
        else { return nil }
        return RecognisedLayout(.movieLensDat)
    }

    /// Recognised by a column `user_id:token`.
    static let recBole = Self(name: "recbole", format: .recBole) { sample in
        guard sample.leavesColumnsOpen, sample.fields(of: sample.firstLine, delimiter: "\t").contains("user_id:token") else {
            return nil
        }
        return RecognisedLayout(.recBole)
    }

    /// Recognised by names in a header, by given columns, or by values in a known order. Refuses any other file.
    static let delimited = Self(name: "delimited", addressing: .columns, format: nil) { sample in
        if let header = try sample.header() {
            var notes = sample.notes(on: header.names, besides: header.chosen)
            if header.names.contains(where: { ColumnNames.canonical($0) == "bookrating" }) {
                notes.append(
                    RatingsLayout.Note(
                        "in Book-Crossing's files a rating of 0 means that there is none", reason: .zeroMeansUnrated))
            }
            return RecognisedLayout(.delimited(header.columns), notes: notes)
        }
        if sample.hints.hasHeader != false, case .name(let name) = sample.hints.user ?? sample.hints.item {
            throw sample.error(
                sample.described(sample.delimiters), "a header with a column '\(name)' and others", .unknownDelimiter)
        }
        for delimiter in sample.delimiters where delimiter != DelimitedColumns.whitespace || sample.hints.delimiter != nil {
            if let layout = try sample.layoutByPosition(delimiter) { return layout }
        }
        throw sample.error(
            sample.described(sample.delimiters), "columns known for user and item, by a header or by their order", .unknownLayout)
    }
}

extension LayoutSample {
    /// Columns given by number or, without a header, in a known order: user, item, rating and perhaps a time; the item first where ids tell.
    fileprivate func layoutByPosition(_ delimiter: String) throws -> RecognisedLayout? {
        let fields = fields(of: firstLine, delimiter: delimiter)
        guard fields.count >= 2 else { return nil }
        if let user = hints.user, let item = hints.item {
            let hasHeader = hints.hasHeader != false && !isData(fields, user, item)
            return RecognisedLayout(
                .delimited(
                    DelimitedColumns(
                        delimiter: delimiter, hasHeader: hasHeader, user: user, item: item, rating: hints.rating,
                        timestamp: hints.timestamp)))
        }
        guard hints.user == nil, hints.item == nil, fields.count <= 4,
            fields.dropFirst(2).allSatisfy({ isNumber($0) || isDate($0) })
        else { return nil }
        if fields.count == 2, hints.hasHeader != false, fields.contains(where: { Int($0) == nil }) { return nil }

        let rows = lines(1_000).map { self.fields(of: $0, delimiter: delimiter) }.filter { $0.count == fields.count }
        try refuseColumnsThatAreNotIds(rows)
        var columns = DelimitedColumns(delimiter: delimiter, hasHeader: false, user: 1, item: 2)
        var notes: [RatingsLayout.Note] = []
        if fields.count >= 3 {
            let times = (2..<fields.count).filter { column in
                rows.allSatisfy { isDate($0[column]) || (Double($0[column]) ?? 0) >= 100_000_000 }
            }
            columns.timestamp = (times.last ?? (fields.count == 4 ? 3 : nil)).map { .number($0 + 1) }
            columns.rating = (2..<fields.count).first { .number($0 + 1) != columns.timestamp }.map { .number($0 + 1) }
            if times.contains(2) { notes.append(RatingsLayout.Note("column 3 is read as a time because its numbers are large")) }
        }
        if let rating = hints.rating { columns.rating = rating }
        if let timestamp = hints.timestamp { columns.timestamp = timestamp }
        switch AmazonIds.order(rows.map { ($0[0], $0[1]) }) {
        case .itemFirst:
            (columns.user, columns.item) = (2, 1)
            notes.append(
                RatingsLayout.Note("the item is in column 1: its ids are Amazon's of products, those in column 2 of reviewers"))
            return RecognisedLayout(.delimited(columns), notes: notes)
        case .userFirst: return RecognisedLayout(.delimited(columns), notes: notes)
        case .unclear:
            throw error(
                "Amazon's product ids in column 1 and no reviewer ids in column 2", "columns whose ids tell users from items",
                .unclearColumns)
        case .unknown: return RecognisedLayout(.delimited(columns), isByPosition: true, notes: notes)
        }
    }

    /// Refuses rows whose first two columns are not those of users and items.
    private func refuseColumnsThatAreNotIds(_ rows: [[String]]) throws {
        for column in 0...1 {
            func all(_ condition: (String) -> Bool) -> Bool { rows.allSatisfy { condition($0[column]) } }
            if all({ isDate($0) && Int($0) == nil }) || all({ isNumber($0) && Int($0) == nil }) {
                throw error(
                    "\(isDate(rows.first?[column] ?? "") ? "dates" : "numbers with decimals") in column \(column + 1)",
                    "ids of users in column 1 and of items in column 2", .unclearColumns)
            }
        }
        if rows.count >= 10, rows[0].count >= 3, let start = Int(rows[0][0]), start == 0 || start == 1,
            rows.indices.allSatisfy({ Int(rows[$0][0]) == start + $0 })
        {
            throw error("a first column that counts the rows", "the user in the first column", .rowNumbersInFirstColumn)
        }
    }

    /// Whether the first line, whose columns are given by number, holds data.
    private func isData(_ fields: [String], _ user: DelimitedColumns.Column, _ item: DelimitedColumns.Column) -> Bool {
        func field(_ column: DelimitedColumns.Column?) -> String? {
            guard case .number(let number) = column, fields.indices.contains(number - 1) else { return nil }
            return fields[number - 1]
        }
        if let rating = field(hints.rating) { return isNumber(rating) }
        return [field(user), field(item)].allSatisfy { $0.map { Int($0) != nil } ?? false }
    }
}
