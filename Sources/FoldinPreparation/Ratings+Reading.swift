import FoldinInteractions
import FoldinKernels
import FoldinSupport
import Foundation

extension Ratings {
    /// Reads a ratings file, compressed with gzip or not; `-` is standard input.
    ///
    /// Plain files are mapped and parsed in parallel; of a compressed file 64 MB are in memory at a time. The result does not depend on
    /// `workers`.
    ///
    /// - Parameters:
    ///   - path: the file, or `-` for standard input.
    ///   - format: the format; nil to recognise it by the file's name and first lines.
    ///   - hints: what is known of the layout if `format` is nil.
    ///   - options: how values are written and which rows are read.
    ///   - keepingTimestamps: whether to read times, as `options.keepsTimestamps`.
    ///   - formats: the formats that can be recognised.
    ///   - workers: the threads to use.
    /// - Throws: `FoldinError` of kind `missingInput`, `usage` or, with the line, `badData`.
    public init(
        contentsOf path: String, format: RatingsFormat? = nil, hints: LayoutHints = LayoutHints(),
        options: ReadingOptions = ReadingOptions(), keepingTimestamps: Bool = false,
        formats: RatingsFormatRegistry = .standard, workers: Workers = Workers()
    ) throws {
        var options = options
        if keepingTimestamps { options.keepsTimestamps = true }
        try self.init(path, format, hints, options, workers, formats: formats, blockSize: 8 << 20)
    }

    /// Reads several files as if they were one, in the order given. Each may have a layout of its own; either all have ratings or none.
    ///
    /// The parameters and errors are those of ``init(contentsOf:format:hints:options:keepingTimestamps:formats:workers:)``.
    public init(
        contentsOf paths: [String], format: RatingsFormat? = nil, hints: LayoutHints = LayoutHints(),
        options: ReadingOptions = ReadingOptions(), formats: RatingsFormatRegistry = .standard, workers: Workers = Workers()
    ) throws {
        precondition(!paths.isEmpty, "at least one file")
        let files = try paths.map { path in
            try Ratings(contentsOf: path, format: format, hints: hints, options: options, formats: formats, workers: workers)
        }
        self = try files.dropFirst().reduce(files[0]) { try $0.followed(by: $1) }
    }

    /// The same in blocks of `blockSize` bytes; of a compressed file eight blocks are in memory at a time.
    init(_ path: String, _ format: RatingsFormat?, _ keepingTimestamps: Bool, _ workers: Workers, blockSize: Int) throws {
        try self.init(
            path, format, LayoutHints(), ReadingOptions(keepsTimestamps: keepingTimestamps), workers, blockSize: blockSize)
    }

    init(
        _ path: String, _ format: RatingsFormat?, _ hints: LayoutHints, _ options: ReadingOptions, _ workers: Workers,
        formats: RatingsFormatRegistry = .standard, blockSize: Int
    ) throws {
        let file = try LineSource(path, pieceSize: blockSize * 8) { Self.columns(of: $0, hints, options) }
        if format == nil, let ratings = try Self.numbers(of: file, hints, options, workers) {
            self = ratings
            return
        }
        var begun: Beginning?
        var reader: RatingsReader?
        try file.forEachStretch { stretch in
            if reader != nil {
                try reader?.read(stretch, workers)
                return
            }
            try FileSignature.refuse(stretch, file: path)
            // Blank lines are no evidence.
            guard let beginning = try Beginning(stretch, format, hints, options, formats, file, blockSize) else { return }
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

    /// The columns of a table that may be read: those that are given, and those that are known by their names; all if a column is given by
    /// its number, or if there is no user or no item among them.
    private static func columns(of names: [String], _ hints: LayoutHints, _ options: ReadingOptions) -> Set<String> {
        let given =
            [hints.user, hints.item, hints.rating, hints.timestamp, hints.titleKey.map { .name($0) }] + options.keep.map(\.column)
        var givenNames: Set<String> = []
        for case .name(let name)? in given { givenNames.insert(ColumnNames.canonical(name)) }
        let canonical = names.map(ColumnNames.canonical)
        func has(_ column: DelimitedColumns.Column?, _ known: [String]) -> Bool {
            column != nil || ColumnNames.place(of: known, among: canonical) != nil
        }
        let hasNumbers = given.contains { if case .number? = $0 { true } else { false } }
        guard !hasNumbers, has(hints.user, ColumnNames.user), has(hints.item, ColumnNames.item) else { return Set(names) }
        let known = givenNames.union(ColumnNames.user + ColumnNames.item + ColumnNames.rating + ColumnNames.timestamp)
        return Set(zip(names, canonical).filter { known.contains($1) }.map(\.0))
    }
}

/// What the beginning of a file determines: its layout and the reader of its rows.
private struct Beginning {
    let layout: RatingsLayout
    let reader: RatingsReader
    /// The part of the first stretch after the header.
    let rest: UnsafeRawBufferPointer

    /// Nil if there are only blank lines.
    init?(
        _ stretch: UnsafeRawBufferPointer, _ known: RatingsFormat?, _ hints: LayoutHints, _ options: ReadingOptions,
        _ formats: RatingsFormatRegistry, _ file: LineSource, _ blockSize: Int
    ) throws {
        var (start, lines) = (0, 0)
        while start < stretch.count {
            let (line, next) = LayoutSample.line(of: stretch, at: start)
            guard line.isBlankLine else { break }
            start = next
            lines += 1
        }
        guard start < stretch.count else { return nil }
        let data = UnsafeRawBufferPointer(rebasing: stretch[start...])
        let sample = LayoutSample(path: file.path, bytes: data, hints: hints, options: options)
        let recognised = try known.map { RecognisedLayout($0) } ?? formats.recognise(sample)
        let format = recognised.format
        let (parser, headerLength) = try format.makeParser(sample)
        if !options.keep.isEmpty, !parser.appliesFilters {
            throw FoldinError(
                .usage, file: file.path, found: "values to keep for a layout without named columns (\(format.name))",
                expected: "a file with columns or JSON keys")
        }
        layout = RatingsLayout(
            format: file.table.map {
                RatingsFormat(name: $0.kind.rawValue, columns: format.columns, parserAndHeader: format.makeParser)
            } ?? format,
            // What separates the columns of a table is nobody's concern.
            description: file.table == nil ? parser.layout : String(parser.layout.drop { $0 != ";" }.dropFirst(2)),
            isByPosition: recognised.isByPosition, notes: recognised.notes)
        // The header of a table is not one of its rows.
        let headerLines = file.table == nil ? data[..<headerLength].count { $0 == 10 } : 0
        reader = RatingsReader(path: file.path, parser: parser, lineCount: lines + headerLines, blockSize: blockSize)
        rest = UnsafeRawBufferPointer(rebasing: data[headerLength...])
    }
}
