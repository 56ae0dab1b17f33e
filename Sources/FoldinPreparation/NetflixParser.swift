extension RatingsFormat {
    /// The Netflix prize's files: a line `movie:` and then that movie's lines `customer,rating,date`.
    public static let netflixPrize = RatingsFormat(name: "netflix-prize") { NetflixParser(options: $0.options) }
}

extension RatingsFormat.Kind {
    /// Recognised by a movie in the first line and three fields in the second.
    static let netflixPrize = Self(name: "netflix-prize", format: .netflixPrize) { sample in
        guard sample.leavesColumnsOpen, NetflixParser.isMovie(sample.firstLine),
            sample.lines(2).dropFirst().first.map({ $0.split(separator: 44).count == 3 }) ?? true
        else { return nil }
        return RecognisedLayout(.netflixPrize)
    }
}

/// Parses the Netflix prize's files: a line `movie:` and then lines `customer,rating,date` of that movie.
struct NetflixParser: RatingsParser {
    let options: ReadingOptions

    var hasRatings: Bool { true }
    var usesCalendar: Bool { true }
    var layout: String { "a line 'movie:', then lines of customer, rating and date" }

    /// Whether `line` names a movie: digits and a colon.
    static func isMovie(_ line: some Collection<UInt8>) -> Bool {
        line.count >= 2 && line.dropLast().allSatisfy { (48...57).contains($0) } && line.suffix(1).first == UInt8(ascii: ":")
    }

    /// Blocks end where a movie begins, so that each knows the movie of its rows.
    func blockEnd(in stretch: UnsafeRawBufferPointer, from minimum: Int) -> Int {
        var place = stretch[minimum...].firstIndex(of: 10).map { $0 + 1 } ?? stretch.count
        while place < stretch.count {
            let end = stretch[place...].firstIndex(of: 10) ?? stretch.count
            var line = stretch[place..<end]
            if line.last == 13 { line = line.dropLast() }
            if Self.isMovie(line) { return place }
            place = min(stretch.count, end + 1)
        }
        return stretch.count
    }

    /// Rows of the last movie may continue in the next stretch.
    func wholeRows(of stretch: UnsafeRawBufferPointer) -> Int {
        var end = stretch.count
        while end > 0 {
            let start = (stretch[..<(end - 1)].lastIndex(of: 10) ?? -1) + 1
            var line = stretch[start..<end - 1]
            if line.last == 13 { line = line.dropLast() }
            if Self.isMovie(line) { return start }
            end = start
        }
        return 0
    }

    func parse(_ block: UnsafeRawBufferPointer, isLast: Bool, into rows: inout RatingsBlock) throws(RowFault) {
        var movie: UInt32?
        try forEachLine(of: block, &rows) { (line, rows) throws(RowFault) in
            if Self.isMovie(line) {
                movie = try Field.code(of: UnsafeRawBufferPointer(rebasing: line.dropLast()), .utf8, &rows.itemIds, "a movie")
                return
            }
            if line.last == UInt8(ascii: ":") {
                // The next rows do not belong to the movie before.
                movie = nil
                throw RowFault(bytes: line, expected: "a movie's number and a colon")
            }
            guard let movie else { throw RowFault(bytes: line, expected: "a movie and a colon before its rows") }
            let fields = line.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
            guard fields.count == 3 else { throw RowFault(bytes: line, expected: "customer,rating,date, or a movie and a colon") }
            let rating = try Field.rating(UnsafeRawBufferPointer(rebasing: fields[1]))
            let time: Int64? =
                options.keepsTimestamps ? try TimeNotation.calendar.time(UnsafeRawBufferPointer(rebasing: fields[2])) : nil
            let user = try Field.code(of: UnsafeRawBufferPointer(rebasing: fields[0]), .utf8, &rows.userIds, "a customer")
            rows.users.append(user)
            rows.items.append(movie)
            rows.ratings.append(rating)
            if let time { rows.timestamps.append(time) }
        }
    }
}
