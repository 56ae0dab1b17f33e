/// Parses the rows of one ratings file, block by block.
///
/// To add a format: a parser, a ``RatingsFormat/Kind`` that recognises its files, and one line in ``RatingsFormatRegistry/standard``. Blocks
/// are parsed on several threads at once and joined in the file's order, so the result is the same for any number of threads.
///
/// ```swift
/// /// Lines such as `ann likes book`.
/// struct LikesParser: RatingsParser {
///     let options: ReadingOptions
///     var layout: String { "a user, the word 'likes' and an item" }
///
///     func parse(_ block: UnsafeRawBufferPointer, isLast: Bool, into rows: inout RatingsBlock) throws(RowFault) {
///         try forEachLine(of: block, &rows) { (line, rows) throws(RowFault) in
///             let words = line.split(separator: UInt8(ascii: " "))
///             guard words.count == 3, words[1].elementsEqual("likes".utf8) else {
///                 throw RowFault(bytes: line, expected: "a user, 'likes' and an item")
///             }
///             try rows.append(
///                 user: UnsafeRawBufferPointer(rebasing: words[0]), item: UnsafeRawBufferPointer(rebasing: words[2]))
///         }
///     }
/// }
///
/// let likes = RatingsFormat(name: "likes") { LikesParser(options: $0.options) }
/// let kind = RatingsFormat.Kind(name: "likes", format: likes) { sample in
///     sample.fields(of: sample.firstLine, delimiter: " ").dropFirst().first == "likes" ? RecognisedLayout(likes) : nil
/// }
/// let ratings = try Ratings(contentsOf: "likes.txt", formats: .standard.adding(kind))
/// ```
public protocol RatingsParser: Sendable {
    /// How values are written and which rows are read.
    var options: ReadingOptions { get }

    /// How the file is read, as text: what separates columns, and which column holds what.
    var layout: String { get }

    /// Whether rows have a rating; false by default.
    var hasRatings: Bool { get }

    /// Whether times are dates, in milliseconds; false by default.
    var usesCalendar: Bool { get }

    /// Whether the parser applies ``ReadingOptions/keep``; false by default, and then a file with such filters is refused.
    var appliesFilters: Bool { get }

    /// Parses all of `block`, whose last byte is a newline, into `rows`.
    ///
    /// Counts lines, also when it throws; ``forEachLine(of:_:_:)`` does so. `isLast` is false if a row at the end of the block may continue after
    /// it.
    func parse(_ block: UnsafeRawBufferPointer, isLast: Bool, into rows: inout RatingsBlock) throws(RowFault)

    /// The end of a block that ends at `minimum` or later: after a newline (the default), or at the end of `stretch`.
    func blockEnd(in stretch: UnsafeRawBufferPointer, from minimum: Int) -> Int

    /// How many bytes of `stretch` are rows that do not depend on what follows, by default all; the rest is read with the next stretch.
    func wholeRows(of stretch: UnsafeRawBufferPointer) -> Int
}

extension RatingsParser {
    /// False: every row is a click.
    public var hasRatings: Bool { false }
    /// False: times are numbers.
    public var usesCalendar: Bool { false }
    /// False: all rows are read.
    public var appliesFilters: Bool { false }

    /// After the first newline from `minimum` on.
    public func blockEnd(in stretch: UnsafeRawBufferPointer, from minimum: Int) -> Int {
        stretch[minimum...].firstIndex(of: 10).map { $0 + 1 } ?? stretch.count
    }

    /// All bytes.
    public func wholeRows(of stretch: UnsafeRawBufferPointer) -> Int { stretch.count }

    /// Calls `body` with each line of `block` that is not blank, without its line end.
    ///
    /// Counts lines, and skips malformed rows up to ``ReadingOptions/badRowLimit``. Throws what `body` throws for the first row beyond it.
    public func forEachLine(
        of block: UnsafeRawBufferPointer, _ rows: inout RatingsBlock,
        _ body: (UnsafeRawBufferPointer, inout RatingsBlock) throws(RowFault) -> Void
    ) throws(RowFault) {
        var place = 0
        while place < block.count {
            let end = block[place...].firstIndex(of: 10) ?? block.count
            rows.lineCount += 1
            var line = UnsafeRawBufferPointer(rebasing: block[place..<end])
            place = end + 1
            if line.last == 13 { line = UnsafeRawBufferPointer(rebasing: line.dropLast()) }
            if line.allSatisfy({ $0 == 32 || $0 == 9 }) { continue }
            do throws(RowFault) {
                try body(line, &rows)
            } catch {
                try rows.skip(error, limit: options.badRowLimit)
            }
        }
    }

    /// The rows of a block, with the fault that ended it if there is one.
    func parse(_ block: UnsafeRawBufferPointer, isLast: Bool = false, seen: SeenNumbers) -> RatingsBlock {
        var rows = RatingsBlock(seen: seen)
        do {
            try parse(block, isLast: isLast, into: &rows)
        } catch {
            rows.fault = error
        }
        precondition(rows.ratings.isEmpty || rows.ratings.count == rows.users.count, "all rows have a rating, or none")
        precondition(
            rows.timestamps.isEmpty || rows.timestamps.count == rows.users.count, "all rows have a time, or none")
        return rows
    }
}
