import FoldinInteractions
import FoldinKernels
import Foundation

extension Ratings {
    /// Reads a ratings file, compressed with gzip or not; `-` is standard input.
    ///
    /// `format` is recognised by the file's name and first lines if it is nil, as far as `hints` leave it open. Timestamps are kept on
    /// request only. Throws `FoldinError` of kind `missingInput` or, with the line, `badData`. The result does not depend on `workers`. Plain
    /// files are mapped and parsed in parallel; of a compressed one 64 MB are held at a time.
    public init(
        contentsOf path: String, format: RatingsFormat? = nil, hints: LayoutHints = LayoutHints(),
        options: ReadingOptions = ReadingOptions(), keepingTimestamps: Bool = false, workers: Workers = Workers()
    ) throws {
        var options = options
        if keepingTimestamps { options.keepsTimestamps = true }
        try self.init(path, format, hints, options, workers, blockSize: 8 << 20)
    }

    /// Reads several files, in the order given, as if they were one. Each may have a layout of its own; either all have ratings or none.
    ///
    /// Throws as reading one does.
    public init(
        contentsOf paths: [String], format: RatingsFormat? = nil, hints: LayoutHints = LayoutHints(),
        options: ReadingOptions = ReadingOptions(), workers: Workers = Workers()
    ) throws {
        precondition(!paths.isEmpty, "at least one file")
        let files = try paths.map { path in
            try Ratings(contentsOf: path, format: format, hints: hints, options: options, workers: workers)
        }
        self = try files.dropFirst().reduce(files[0]) { try $0.followed(by: $1) }
    }

    /// As above, in blocks of `blockSize` bytes; of a compressed file eight are held at a time.
    init(_ path: String, _ format: RatingsFormat?, _ keepingTimestamps: Bool, _ workers: Workers, blockSize: Int) throws {
        try self.init(
            path, format, LayoutHints(), ReadingOptions(keepsTimestamps: keepingTimestamps), workers, blockSize: blockSize)
    }

    init(
        _ path: String, _ format: RatingsFormat?, _ hints: LayoutHints, _ options: ReadingOptions, _ workers: Workers,
        blockSize: Int
    ) throws {
        let file = try MappedFile(contentsOf: path)
        try file.withBytes { try FileSignature.refuse($0, file: path) }
        var begun: Beginning?
        var reader: RatingsReader?
        try LineSource(file, pieceSize: blockSize * 8).forEachStretch { stretch in
            if reader != nil {
                try reader?.read(stretch, workers)
                return
            }
            try FileSignature.refuse(stretch, file: path)
            // A stretch of blank lines only says nothing yet.
            guard let beginning = try Beginning(stretch, format, hints, options, path, blockSize) else { return }
            var first = beginning.reader
            try first.read(beginning.rest, workers)
            (begun, reader) = (beginning, first)
        }
        try reader?.finish()
        guard let reader, let begun, !reader.isEmpty || reader.notKept > 0 || reader.badRows.count > 0 else {
            throw FoldinError(
                .badData, file: path, line: reader == nil ? nil : 1, found: reader == nil ? "an empty file" : "no rows of data",
                expected: "at least one interaction")
        }
        try self.init(reader: reader, file: file, layout: begun.layout, workers: workers)
    }
}

/// What the beginning of a file tells: its layout and the reader of its rows.
private struct Beginning {
    let layout: RatingsLayout
    let reader: RatingsReader
    /// The part of the first stretch that holds rows.
    let rest: UnsafeRawBufferPointer

    /// Nil if there are only blank lines.
    init?(
        _ stretch: UnsafeRawBufferPointer, _ known: RatingsFormat?, _ hints: LayoutHints, _ options: ReadingOptions,
        _ path: String,
        _ blockSize: Int
    ) throws {
        var start = 0
        var lines = 0
        while start < stretch.count {
            let end = stretch[start...].firstIndex(of: 10) ?? stretch.count - 1
            guard stretch[start...end].allSatisfy({ $0 == 32 || $0 == 13 || $0 == 10 || $0 == 9 }) else { break }
            start = end + 1
            lines += 1
        }
        guard start < stretch.count else { return nil }
        let data = UnsafeRawBufferPointer(rebasing: stretch[start...])
        let detected =
            try known.map { RatingsFormat.Detected(format: $0) }
            ?? RatingsFormat.detected(name: path, beginning: data, hints: hints, options: options)
        let (parser, headerLength) = try Self.parser(detected.format, known == nil, data, hints, options, path)
        if detected.format.columns == nil, !options.keep.isEmpty, parser as? JSONLinesParser == nil {
            throw FoldinError(
                .usage, file: path, found: "values to keep for a layout without named columns (\(detected.format.name))",
                expected: "a file with columns or JSON keys")
        }
        layout = RatingsLayout(
            format: detected.format, description: parser.layout, isByPosition: detected.isByPosition, notes: detected.notes)
        let headerLines = data[..<headerLength].count { $0 == 10 }
        reader = RatingsReader(path: path, parser: parser, lineCount: lines + headerLines, blockSize: blockSize)
        rest = UnsafeRawBufferPointer(rebasing: data[headerLength...])
    }

    /// The parser of a layout, and how many bytes the header takes.
    private static func parser(
        _ format: RatingsFormat, _ isGuess: Bool, _ data: UnsafeRawBufferPointer, _ hints: LayoutHints, _ options: ReadingOptions,
        _ path: String
    ) throws -> (any RowParser, Int) {
        switch format {
        case .userItemLists: return (UserItemListParser(options: options, isGuess: isGuess), 0)
        case .netflixPrize: return (NetflixParser(options: options), 0)
        case .jsonLines(let keys):
            return (try JSONLinesParser(keys, options, firstObject: line(data, 0).text, file: path), 0)
        case .amazonJSONLines:
            let first = line(data, 0).text
            return (try JSONLinesParser(.amazon(first, titleKey: hints.titleKey), options, firstObject: first, file: path), 0)
        case .movieLensCSV, .movieLensDat, .delimited, .recBole:
            let columns = format.columns ?? DelimitedColumns(user: 1, item: 2)
            let delimiter = try Delimiter(columns.delimiter, file: path)
            let first = record(data, 0, delimiter, options)
            let next =
                columns.hasHeader && first.next < data.count ? record(data, first.next, delimiter, options).text : first.text
            let parser = try DelimitedParser(columns, options, firstRecord: first.text, firstRow: next, file: path)
            return (parser, columns.hasHeader ? first.next : 0)
        }
    }

    /// The line at `start` without its line end, and where the next begins.
    private static func line(_ data: UnsafeRawBufferPointer, _ start: Int) -> (text: UnsafeRawBufferPointer, next: Int) {
        var end = data[start...].firstIndex(of: 10) ?? data.count
        let next = min(end + 1, data.count)
        if end > start, data[end - 1] == 13 { end -= 1 }
        return (UnsafeRawBufferPointer(rebasing: data[start..<end]), next)
    }

    /// The record at `start`, which is longer than a line where line breaks stand in quotes.
    private static func record(
        _ data: UnsafeRawBufferPointer, _ start: Int, _ delimiter: Delimiter, _ options: ReadingOptions
    ) -> (text: UnsafeRawBufferPointer, next: Int) {
        let first = line(data, start)
        guard options.allowsQuotes, first.text.contains(34) else { return first }
        var (isQuoted, isFieldStart) = (false, true)
        var place = start
        let limit = min(data.count, start + DelimitedParser.quoteLimit)
        while place < limit {
            let byte = data[place]
            if byte == 34, isQuoted, place + 1 < limit, data[place + 1] == 34 {
                place += 1
            } else if byte == 34, isQuoted || isFieldStart {
                isQuoted.toggle()
            } else if byte == 10, !isQuoted {
                let end = place > start && data[place - 1] == 13 ? place - 1 : place
                return (UnsafeRawBufferPointer(rebasing: data[start..<end]), place + 1)
            }
            let count = isQuoted ? 0 : delimiter.count(in: data, at: place)
            isFieldStart = count > 0 || isFieldStart && byte == 32
            place += max(1, count)
        }
        return first
    }
}

extension JSONKeys {
    /// The keys of Amazon's reviews that `object`, the bytes of a line, has.
    static func amazon(_ object: UnsafeRawBufferPointer, titleKey: String?) -> JSONKeys {
        var keys: Set<String> = []
        var line = JSONLine(object)
        try? line.forEachMember { (key, _) throws(RowFault) in keys.insert(String(decoding: key, as: UTF8.self)) }
        let items = [titleKey == "asin" ? "asin" : "parent_asin", "parent_asin", "asin"]
        return JSONKeys(
            user: keys.contains("reviewerID") || !keys.contains("user_id") ? "reviewerID" : "user_id",
            item: items.first { keys.contains($0) } ?? "asin",
            rating: keys.contains("rating") && !keys.contains("overall") ? "rating" : "overall",
            timestamp: ["unixReviewTime", "timestamp"].first { keys.contains($0) })
    }
}
