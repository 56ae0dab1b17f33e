import ArgumentParser
import Foldin
import FoldinKernels

/// `foldin prepare`: makes a prepared directory from a ratings file.
struct PrepareCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "prepare",
        abstract: "Turn a ratings file into a directory ready for training.",
        discussion: """
            Reads MovieLens CSV and '::' files, Amazon and other reviews as JSON lines, RecBole .inter files, the Netflix prize's \
            files, other CSV or TSV files and lists of 'user item item ...', all of them also gzipped; '-' is standard input. Parquet and \
            Arrow files, and folders of them, are read if DuckDB is installed. The \
            layout is recognised unless options describe it, and printed. Several files are read as one. The default split is that \
            of Liang et al. (2018): whole users are held out for validation and test. With '--split given --test FILE' the \
            data is already divided. The other splits have the same users in training and evaluation: weak-generalization holds out \
            random items of each user, leave-last-out the last one by time (and the last but one for validation), temporal the \
            latest interactions of all users; only temporal keeps later interactions out of training.
            """)

    enum SplitName: String, CaseIterable, ExpressibleByArgument {
        case strongGeneralization = "strong-generalization"
        case given
        case weakGeneralization = "weak-generalization"
        case leaveLastOut = "leave-last-out"
        case temporal

        /// The options that apply to some splits only, and those splits.
        static let uses: [(option: String, splits: [SplitName])] = [
            ("--held-out-users", [.strongGeneralization]),
            ("--held-out-items", [.strongGeneralization, .weakGeneralization]),
            ("--validation-items", [.given, .weakGeneralization]),
            ("--held-out-latest", [.temporal]),
            ("--test", [.given]),
            ("--min-user-interactions", [.strongGeneralization, .weakGeneralization, .leaveLastOut, .temporal]),
            ("--min-item-interactions", [.strongGeneralization, .weakGeneralization, .leaveLastOut, .temporal]),
        ]
    }

    @Argument(
        help: ArgumentHelp(
            "The ratings file or folder, or several; '-' is standard input. With --split given, the training interactions.",
            valueName: "ratings"), completion: .file())
    var ratings: [String]

    @Option(help: ArgumentHelp("The directory to write.", valueName: "dir"), completion: .directory)
    var out: String

    @Flag(help: "Replace an existing prepared directory when the new one is complete.")
    var overwrite = false

    @OptionGroup(title: "Layout of the file")
    var layout: LayoutOptions

    @Option(help: ArgumentHelp("Keep ratings strictly above this. (default: keep all)", valueName: "rating"))
    var ratingAbove: Double?

    @Option(
        help: ArgumentHelp(
            "Keep users with at least this number of interactions. (default: 5; not for --split given)", valueName: "n"))
    var minUserInteractions: Int?

    @Option(
        help: ArgumentHelp(
            "Keep items with at least this number of interactions, counted before users. (default: 0; not for --split given)",
            valueName: "n"))
    var minItemInteractions: Int?

    @Option(
        help: """
            Which of several rows of the same user and item to keep: the first, the last, the one with the max rating, or the first \
            with the sum of the ratings; --rating-above applies to the result. (default: --rating-above applies first, then the first \
            remaining row is kept)
            """)
    var repeats: Ratings.Repeats?

    @Option(help: "How to divide the data.")
    var split: SplitName = .strongGeneralization

    @Option(
        help: ArgumentHelp(
            "Users held out for validation, and as many for test: a number such as 600 or a fraction such as 0.1. (default: 0.1)",
            valueName: "n|fraction"))
    var heldOutUsers: UserShare?

    @Option(
        help: ArgumentHelp("The fraction of a held-out user's items that is held out. (default: 0.2)", valueName: "fraction"))
    var heldOutItems: Double?

    @Option(help: ArgumentHelp("With --split given: the file of held-out interactions.", valueName: "file"), completion: .file())
    var test: String?

    @Option(
        help: ArgumentHelp(
            "With --split given or weak-generalization: the fraction of each user's training items kept for validation. (default: 0.1)",
            valueName: "fraction"))
    var validationItems: Double?

    @Option(
        help: ArgumentHelp(
            "With --split temporal: the fraction of the latest interactions for test, and as many before them for validation. (default: 0.1)",
            valueName: "fraction"))
    var heldOutLatest: Double?

    @Option(help: ArgumentHelp("NumPy's seed for the split.", valueName: "seed"))
    var seed: UInt32 = 98_765

    @Option(
        help: ArgumentHelp(
            "Item titles: movies.csv, movies.dat, u.item, a RecBole .item file, JSON lines or any delimited file.",
            valueName: "file"), completion: .file())
    var titles: String?

    @Option(help: ArgumentHelp("The column of the titles, by name or number from 1. (default: recognised)", valueName: "column"))
    var titleColumn: String?

    @Option(
        help: ArgumentHelp(
            "The column of the item ids in the file of titles, by name or number. (default: recognised)", valueName: "column"))
    var titleIdColumn: String?

    @Option(
        help: ArgumentHelp(
            "The encoding of the file of titles. (default: UTF-8, with ISO-8859-1 for lines that are not)", valueName: "name"))
    var titleEncoding: TextEncoding?

    @Flag(help: "Print the counts as JSON.")
    var json = false

    @OptionGroup var workerOptions: WorkerOptions

    func validate() throws {
        if split == .given, test == nil {
            throw ValidationError("--split given: found no --test; expected the file of test interactions")
        }
        let given = [
            "--held-out-users": heldOutUsers != nil, "--held-out-items": heldOutItems != nil, "--test": test != nil,
            "--validation-items": validationItems != nil, "--held-out-latest": heldOutLatest != nil,
            "--min-user-interactions": minUserInteractions != nil, "--min-item-interactions": minItemInteractions != nil,
        ]
        for (option, splits) in SplitName.uses where given[option] == true && !splits.contains(split) {
            throw ValidationError(
                "\(option): found with --split \(split.rawValue); expected it with "
                    + splits.map(\.rawValue).joined(separator: ", "))
        }
        if ratings.isEmpty { throw ValidationError("found no ratings; expected at least one file") }
        if (ratings + [titles, test].compactMap { $0 }).count(where: { $0 == "-" }) > 1 {
            throw ValidationError("found '-' twice; expected at most one file from standard input")
        }
        if titles == nil, titleColumn != nil || titleIdColumn != nil || titleEncoding != nil {
            throw ValidationError(
                "--title-column, --title-id-column, --title-encoding: found without --titles; expected a file of titles")
        }
        for (name, count) in [("--min-user-interactions", minUserInteractions), ("--min-item-interactions", minItemInteractions)]
        {
            if let count, count < 0 { throw ValidationError("\(name): found \(count); expected 0 or more") }
        }
    }

    func run() throws {
        // Before anything is read; checked again before anything is replaced.
        try PreparedDataset.check(out, overwriting: overwrite, reading: inputs)
        let names = try titles.map { path in
            try Titles(
                contentsOf: path, id: titleIdColumn.map { .init($0) }, title: titleColumn.map { .init($0) },
                encoding: titleEncoding)
        }
        var input = try read(ratings, titleKey: names?.idName)
        if let names { input = input.titled(by: names) }
        if split != .given {
            input = input.keepingItems(withAtLeast: minItemInteractions ?? 0).keepingUsers(withAtLeast: minUserInteractions ?? 5)
        }
        let test = try test.map { try read([$0], titleKey: names?.idName) }
        let record = try input.write(try division(test), to: out, overwriting: overwrite)
        if let kept = record.kept {
            Console.note("the old directory had other files in it, or could not be removed: the rest of it is in \(kept)")
        }
        // A strong split has each user in one part only; the other splits are checked for leakage.
        let dataset = split == .strongGeneralization ? nil : try PreparedDataset(contentsOf: out)
        let summary = PreparationSummary(record, input, test: test, titles: names, dataset: dataset, out: out)
        for note in summary.notes { Console.note(note) }
        if json { try Console.json(summary) } else { try Console.result(summary.text) }
    }

    private var inputs: [Overlap.Input] {
        ratings.map { Overlap.Input($0, "the ratings file") }
            + [test].compactMap { $0 }.map { Overlap.Input($0, "the test file") }
            + [titles].compactMap { $0 }.map { Overlap.Input($0, "the file of titles") }
    }

    private func division(_ test: Ratings?) throws -> Split {
        switch split {
        case .given:
            guard let test else {
                throw ValidationError("--split given: found no --test; expected the file of test interactions")
            }
            return .given(test: test, validationItems: validationItems ?? 0.1, seed: seed)
        case .strongGeneralization:
            return .strongGeneralization(heldOutUsers: heldOutUsers ?? 0.1, heldOutItems: heldOutItems ?? 0.2, seed: seed)
        case .weakGeneralization:
            return .weakGeneralization(heldOutItems: heldOutItems ?? 0.2, validationItems: validationItems ?? 0.1, seed: seed)
        case .leaveLastOut: return .leaveLastOut
        case .temporal: return .temporal(heldOut: heldOutLatest ?? 0.1)
        }
    }

    private func read(_ paths: [String], titleKey: String?) throws -> Ratings {
        Console.progress("reading \(paths.joined(separator: ", "))")
        defer { Console.progress("") }
        var ratings = try Ratings(
            contentsOf: paths, format: layout.knownFormat, hints: layout.hints(titleKey: titleKey),
            options: layout.readingOptions(keepingTimestamps: split == .leaveLastOut || split == .temporal),
            workers: workerOptions.workers)
        if let repeats { ratings = try ratings.joiningRepeats(repeats) }
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
