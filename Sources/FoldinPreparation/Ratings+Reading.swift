import FoldinInteractions
import FoldinKernels
import Foundation

extension Ratings {
    /// Reads a ratings file, compressed with gzip or not.
    ///
    /// `format` is recognised by the file's name and first line if it is nil. Timestamps are kept on request only. Throws
    /// `FoldinError` of kind `missingInput` or, with the line, `badData`. The result does not depend on `workers`. Plain files
    /// are mapped and parsed in parallel; of a compressed one 64 MB are held at a time.
    public init(
        contentsOf path: String, format: RatingsFormat? = nil, keepingTimestamps: Bool = false, workers: Workers = Workers()
    ) throws {
        try self.init(path, format, keepingTimestamps, workers, blockSize: 8 << 20)
    }

    /// As above, in blocks of `blockSize` bytes; of a compressed file eight are held at a time.
    init(_ path: String, _ format: RatingsFormat?, _ keepingTimestamps: Bool, _ workers: Workers, blockSize: Int) throws {
        let file = try MappedFile(contentsOf: path)
        var reader: RatingsReader?
        var known = format
        try LineSource(file, pieceSize: blockSize * 8).forEachStretch { stretch in
            guard reader == nil else {
                try reader?.read(stretch, workers)
                return
            }
            let format = try known ?? RatingsFormat.detected(name: path, beginning: stretch)
            known = format
            var (begun, rest) = try Self.begin(format, stretch, path, keepingTimestamps, blockSize)
            try begun.read(rest, workers)
            reader = begun
        }
        guard let reader, let known, !reader.isEmpty else {
            throw FoldinError(
                .badData, file: path, line: reader == nil ? nil : 1, found: reader == nil ? "an empty file" : "no rows of data",
                expected: "at least one interaction")
        }
        self.init(reader: reader, file: file, format: known, workers: workers)
    }

    /// A reader for the rows, and the part of the first stretch that holds rows.
    private static func begin(
        _ format: RatingsFormat, _ stretch: UnsafeRawBufferPointer, _ path: String, _ keepsTimestamps: Bool,
        _ blockSize: Int
    ) throws -> (RatingsReader, UnsafeRawBufferPointer) {
        guard let columns = format.columns else {
            let parser: any RowParser =
                format == .amazonJSONLines ? AmazonParser(keepsTimestamps: keepsTimestamps) : UserItemListParser()
            return (RatingsReader(path: path, parser: parser, lineCount: 0, blockSize: blockSize), stretch)
        }
        // Blank lines before the first line that is not do not count.
        var start = 0
        var lines = 0
        while start < stretch.count, stretch[start] == 10 || stretch[start] == 13 {
            lines += stretch[start] == 10 ? 1 : 0
            start += 1
        }
        var end = stretch[start...].firstIndex(of: 10) ?? stretch.count
        let next = min(end + 1, stretch.count)
        if end > start, stretch[end - 1] == 13 { end -= 1 }
        let firstLine = UnsafeRawBufferPointer(rebasing: stretch[start..<end])
        let parser = try DelimitedParser(columns, firstLine: firstLine, file: path, keepingTimestamps: keepsTimestamps)
        let rest = columns.hasHeader ? next : start
        return (
            RatingsReader(path: path, parser: parser, lineCount: columns.hasHeader ? lines + 1 : lines, blockSize: blockSize),
            UnsafeRawBufferPointer(rebasing: stretch[rest...])
        )
    }
}
