import ArgumentParser
import Foldin
import FoldinKernels

/// `foldin prepare`: a ratings file becomes a prepared directory.
struct PrepareCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "prepare",
        abstract: "Turn a ratings file into a directory ready for training.",
        discussion: """
            Reads MovieLens CSV and '::' files, Amazon reviews (JSON lines), RecBole .inter files, other CSV or TSV files and \
            lists of 'user item item ...', any of them gzipped; the layout is recognised unless --format says it. The split is the \
            one of Liang et al. (2018): whole users are held out for validation and test. With '--split given --test FILE' the \
            data comes divided instead.
            """)

    enum SplitName: String, CaseIterable, ExpressibleByArgument {
        case strongGeneralization = "strong-generalization"
        case given
    }

    @Argument(help: ArgumentHelp("The ratings file; with --split given, the training interactions.", valueName: "ratings"))
    var ratings: String

    @Option(help: ArgumentHelp("The directory to write; a prepared one that is there is replaced.", valueName: "dir"))
    var out: String

    @OptionGroup(title: "Layout of the file")
    var layout: LayoutOptions

    @Option(help: ArgumentHelp("Keep ratings strictly above this. (default: keep all)", valueName: "rating"))
    var ratingAbove: Double?

    @Option(
        help: ArgumentHelp("Keep users with at least so many interactions. (default: 5; not for --split given)", valueName: "n"))
    var minUserInteractions: Int?

    @Option(
        help: ArgumentHelp(
            "Keep items with at least so many interactions, counted before users. (default: 0; not for --split given)",
            valueName: "n"))
    var minItemInteractions: Int?

    @Option(help: "How to divide the data.")
    var split: SplitName = .strongGeneralization

    @Option(
        help: ArgumentHelp(
            "Users held out for validation, and as many for test: a number such as 600 or a fraction such as 0.1. (default: 0.1)",
            valueName: "n|fraction"))
    var heldOutUsers: UserShare?

    @Option(
        help: ArgumentHelp("The fraction of a held-out user's items that is to be found. (default: 0.2)", valueName: "fraction"))
    var heldOutItems: Double?

    @Option(help: ArgumentHelp("With --split given: the file of interactions to be found.", valueName: "file"))
    var test: String?

    @Option(
        help: ArgumentHelp(
            "With --split given: the fraction of each user's training items kept for validation. (default: 0.1)",
            valueName: "fraction"))
    var validationItems: Double?

    @Option(help: ArgumentHelp("NumPy's seed for the split.", valueName: "seed"))
    var seed: UInt32 = 98_765

    @Option(
        help: ArgumentHelp(
            "Item titles: movies.csv, movies.dat, u.item, a RecBole .item file, Amazon metadata or a CSV.", valueName: "file"))
    var titles: String?

    @Flag(help: "Print the counts as JSON.")
    var json = false

    @OptionGroup var workerOptions: WorkerOptions

    func validate() throws {
        switch split {
        case .given:
            if test == nil { throw ValidationError("--split given: found no --test; expected the file of test interactions") }
            for (name, isGiven) in [
                ("--held-out-users", heldOutUsers != nil), ("--held-out-items", heldOutItems != nil),
                ("--min-user-interactions", minUserInteractions != nil), ("--min-item-interactions", minItemInteractions != nil),
            ] where isGiven {
                throw ValidationError("--split given: found \(name); expected it only where foldin divides the data")
            }
        case .strongGeneralization:
            if test != nil { throw ValidationError("--test: found without '--split given'; expected both together") }
            if validationItems != nil {
                throw ValidationError("--validation-items: found without '--split given'; expected both together")
            }
        }
        for (name, count) in [("--min-user-interactions", minUserInteractions), ("--min-item-interactions", minItemInteractions)]
        {
            if let count, count < 0 { throw ValidationError("\(name): found \(count); expected 0 or more") }
        }
    }

    func run() throws {
        let names = try titles.map { try Titles(contentsOf: $0) }
        var input = try read(ratings)
        if let names { input = input.titled(by: names) }
        let record: PreparationRecord
        if split == .given, let test {
            record = try input.write(.given(test: try read(test), validationItems: validationItems ?? 0.1, seed: seed), to: out)
        } else {
            record =
                try input
                .keepingItems(withAtLeast: minItemInteractions ?? 0)
                .keepingUsers(withAtLeast: minUserInteractions ?? 5)
                .write(
                    .strongGeneralization(heldOutUsers: heldOutUsers ?? 0.1, heldOutItems: heldOutItems ?? 0.2, seed: seed),
                    to: out)
        }
        let summary = PreparationSummary(record, out: out)
        if json { try Console.json(summary) } else { Console.result(summary.text) }
    }

    private func read(_ path: String) throws -> Ratings {
        Console.progress("reading \(path)")
        defer { Console.progress("") }
        let ratings = try Ratings(contentsOf: path, format: try layout.format(of: path), workers: workerOptions.workers)
        return try ratingAbove.map { try ratings.rated(above: $0) } ?? ratings
    }
}

extension UserShare: ExpressibleByArgument {
    /// A number with a point is a fraction, one without is a count.
    public init?(argument: String) {
        if let count = Int(argument) {
            self = .count(count)
        } else if let fraction = Double(argument), fraction.isFinite {
            self = .fraction(fraction)
        } else {
            return nil
        }
    }
}
