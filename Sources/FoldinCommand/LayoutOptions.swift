import ArgumentParser
import Foldin

/// How a ratings file is laid out, where that is not recognised.
struct LayoutOptions: ParsableArguments {
    enum FormatName: String, CaseIterable, ExpressibleByArgument {
        case movieLensCSV = "movielens-csv"
        case movieLensDat = "movielens-dat"
        case amazonJSON = "amazon-json"
        case delimited
        case recBole = "recbole"
        case userItemLists = "user-item-lists"
    }

    @Option(help: "The layout. (default: recognised by name and first line)")
    var format: FormatName?

    @Option(help: ArgumentHelp("The user column, by name or number from 1.", valueName: "column"))
    var userColumn: String?

    @Option(help: ArgumentHelp("The item column, by name or number from 1.", valueName: "column"))
    var itemColumn: String?

    @Option(
        help: ArgumentHelp("The rating column, by name or number from 1; without it every row is a click.", valueName: "column"))
    var ratingColumn: String?

    @Option(help: ArgumentHelp("The time column, by name or number from 1.", valueName: "column"))
    var timestampColumn: String?

    @Flag(help: "The first line holds data, not names of columns.")
    var noHeader = false

    @Option(help: ArgumentHelp("What stands between columns; 'tab' for tabs. (default: ',')", valueName: "characters"))
    var delimiter: String?

    private var namesColumns: Bool {
        userColumn != nil || itemColumn != nil || ratingColumn != nil || timestampColumn != nil || noHeader || delimiter != nil
    }

    func validate() throws {
        guard format == .delimited || (format == nil && namesColumns) else {
            if namesColumns {
                throw ValidationError(
                    "--format: found columns for a layout that has its own; expected '--format delimited' with them")
            }
            return
        }
        if userColumn == nil || itemColumn == nil {
            throw ValidationError("--user-column, --item-column: found not both; expected names or numbers of columns")
        }
        if noHeader {
            for column in [userColumn, itemColumn, ratingColumn, timestampColumn] {
                if let column, Int(column) == nil {
                    throw ValidationError("--no-header: found the column name '\(column)'; expected a number from 1")
                }
            }
        }
    }

    /// The layout asked for, or nil if it is to be recognised.
    func format(of path: String) throws -> RatingsFormat? {
        switch format {
        case .movieLensCSV: return .movieLensCSV
        case .movieLensDat: return .movieLensDat
        case .amazonJSON: return .amazonJSONLines
        case .recBole: return .recBole
        case .userItemLists: return .userItemLists
        case .delimited, nil:
            guard let userColumn, let itemColumn else { return nil }
            return .delimited(
                DelimitedColumns(
                    delimiter: delimiter.map { ["tab", "\\t"].contains($0) ? "\t" : $0 } ?? ",", hasHeader: !noHeader,
                    user: .init(userColumn), item: .init(itemColumn), rating: ratingColumn.map { .init($0) },
                    timestamp: timestampColumn.map { .init($0) }))
        }
    }
}
