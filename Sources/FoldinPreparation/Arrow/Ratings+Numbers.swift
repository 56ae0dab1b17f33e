import FoldinInteractions
import FoldinKernels
import FoldinSupport

extension Ratings {
    /// The rows of a table without text in between, from DuckDB's library; nil if that cannot be: without the library, for Arrow files, with
    /// options about text, and if it is not clear by names alone which columns are meant.
    static func numbers(
        of file: LineSource, _ hints: LayoutHints, _ options: ReadingOptions, _ workers: Workers
    ) throws -> Ratings? {
        guard let table = file.table, table.kind == .parquet, options.keep.isEmpty, options.badRowLimit == 0 else { return nil }
        let engine = try DuckDB(for: table.kind, path: table.path)
        guard engine.hasLibrary else { return nil }
        let all = try engine.columns(of: table).filter(\.isReadable)
        let canonical = all.map { ColumnNames.canonical($0.name) }
        /// The column that is given or the only one that is known; nil for none. Throws `Unclear` otherwise.
        struct Unclear: Error {}
        func column(_ given: DelimitedColumns.Column?, _ known: [String]) throws -> DuckDB.Column? {
            var places = canonical.indices.filter { known.contains(canonical[$0]) }
            switch given {
            case .name(let name): places = canonical.indices.filter { canonical[$0] == ColumnNames.canonical(name) }
            case .number: throw Unclear()
            case nil: break
            }
            guard places.count < 2, given == nil || places.count == 1 else { throw Unclear() }
            return places.first.map { all[$0] }
        }
        do {
            guard let user = try column(hints.user, ColumnNames.user), let item = try column(hints.item, ColumnNames.item) else {
                return nil
            }
            let isClick = hints.user != nil && hints.item != nil && hints.rating == nil
            let rating = isClick ? nil : try column(hints.rating, ColumnNames.rating)
            let time = try column(hints.timestamp, ColumnNames.timestamp)
            guard
                let parts = try engine.numbers(
                    of: table, user: user, item: item, rating: rating, time: options.keepsTimestamps ? time : nil,
                    parts: workers.count)
            else { return nil }
            var texts = ["user '\(user.name)'", "item '\(item.name)'"]
            if let rating { texts.append("rating '\(rating.name)'") }
            if let time { texts.append("time '\(time.name)'" + (options.keepsTimestamps ? "" : " (not needed)")) }
            let columns = DelimitedColumns(
                user: .name(user.name), item: .name(item.name), rating: rating.map { .name($0.name) },
                timestamp: time.map { .name($0.name) })
            let layout = RatingsLayout(
                format: RatingsFormat(name: table.kind.rawValue, columns: .delimited(columns), parser: { _ in throw Unclear() }),
                description: texts.joined(separator: ", "), isByPosition: false, notes: [])
            let names = TableColumns(
                user: user.name, item: item.name, rating: rating?.name, time: options.keepsTimestamps ? time?.name : nil)
            // Each part is read as a file of its own.
            let read = workers.map(parts.count) { part, _ in
                Result {
                    try Ratings(
                        parts[part], names, keepingTimestamps: options.keepsTimestamps, workers, file: part == 0 ? file : nil,
                        layout: part == 0 ? layout : nil)
                }
            }
            let first = try read[0].get()
            return try read.dropFirst().reduce(first) { try $0.followed(by: $1.get()) }
        } catch is Unclear {
            return nil
        }
    }
}
