import FoldinInteractions
import FoldinKernels
import FoldinSupport

extension Ratings {
    /// Filters, divides and numbers the interactions.
    ///
    /// For strong generalization, users are sorted by raw id (as numbers if every id in the file is a whole number without
    /// leading zeros, otherwise by bytes) and shuffled by NumPy's legacy generator; the last ones are for test, the ones before them for
    /// validation. Items are those of training users, numbered by first appearance. For a given split users are numbered in
    /// sorted order, and items by first appearance in the training file, then in the test file; for the weak splits users too,
    /// and items by first appearance among the training rows.
    ///
    /// Throws `FoldinError` of kind `usage` for impossible fractions and counts, `badData` if no interactions are left.
    public func split(_ split: Split) throws -> PreparedDataset {
        let files = try prepared(split)
        return PreparedDataset(files, workers: workers)
    }

    /// Writes the prepared directory of `split(_:)` without building its matrices, and returns the contents of its `prepare.json`.
    ///
    /// - Parameters:
    ///   - split: how users or items are held out.
    ///   - directory: the directory to write, new or empty unless `overwriting`.
    ///   - overwriting: whether an existing prepared directory is replaced; see `PreparedDataset.write(to:overwriting:workers:)`.
    /// - Throws: As `split(_:)` and `PreparedDataset.write(to:overwriting:workers:)` do, and `FoldinError` of kind `usage` when a file that
    ///   was read is in `directory`.
    public func write(_ split: Split, to directory: String, overwriting: Bool = false) throws -> PreparationRecord {
        try PreparedDataset.check(directory, overwriting: overwriting, reading: inputs(of: split))
        let files = try prepared(split)
        // A file may have been moved in the meantime.
        try PreparedDataset.check(directory, overwriting: overwriting, reading: inputs(of: split))
        var record = files.preparation ?? PreparationRecord(sources: [], options: [:], counts: [:])
        record.kept = try files.write(to: directory, overwriting: overwriting, workers: workers)
        return record
    }

    private func inputs(of split: Split) -> [Overlap.Input] {
        var paths = paths
        if case .given(let test, _) = split.kind { paths += test.paths }
        return paths.map { Overlap.Input($0, "the ratings file") }
            + [titles?.path].compactMap { $0 }.map { Overlap.Input($0, "the file of titles") }
    }

    /// The contents of the prepared directory. The sources' checksums are computed while the rows are divided.
    private func prepared(_ split: Split) throws -> PreparedFiles {
        var sources: [PreparationRecord.Source] = []
        var outcome: Result<PreparedFiles, any Error>?
        // Each of the two tasks writes a variable of its own.
        workers.forEach(2) { task, _ in
            if task == 0 { outcome = Result { try divided(split) } } else { sources = self.sources(of: split) }
        }
        guard var files = try outcome?.get() else { preconditionFailure("both tasks have run") }
        files.preparation?.sources = sources + [titles?.source].compactMap { $0 }
        return files
    }

    private func sources(of split: Split) -> [PreparationRecord.Source] {
        if case .given(let test, _) = split.kind { return sources + test.sources }
        return sources
    }

    private func divided(_ split: Split) throws -> PreparedFiles {
        switch split.kind {
        case .strongGeneralization(let heldOutUsers, let heldOutItems):
            try Self.check(heldOutItems, "held-out items")
            return try strongGeneralization(heldOutUsers, HeldOutItems(fraction: heldOutItems, seed: split.seed))
        case .given(let test, let validationItems):
            try Self.check(validationItems, "validation items")
            return try given(test, HeldOutItems(fraction: validationItems, seed: split.seed))
        case .weak(let kind):
            return try weak(kind, seed: split.seed)
        }
    }

    static func check(_ fraction: Double, _ name: String) throws {
        guard fraction >= 0 && fraction < 1 else {
            throw FoldinError(.usage, found: "\(fraction) as the fraction of \(name)", expected: "at least 0 and less than 1")
        }
    }

    /// The clicks that are left after filtering. Throws if there are none.
    func remainingClicks() throws -> Clicks {
        let clicks = Clicks(self)
        guard clicks.count > 0 else {
            throw FoldinError(
                .badData, file: path, found: "no interactions left of \(count) after filtering (\(filter.description))",
                expected: "filters that leave some users and items")
        }
        guard clicks.count < UInt32.max else {
            throw FoldinError(.badData, file: path, found: "\(clicks.count) interactions", expected: "fewer than 2^32")
        }
        return clicks
    }

    private func strongGeneralization(_ share: UserShare, _ choice: HeldOutItems) throws -> PreparedFiles {
        let clicks = try remainingClicks()
        let ranked = userIds.sortedCodes(clicks.presentUsers(of: userIds.count, workers))
        guard let heldOut = share.count(of: ranked.count), heldOut < ranked.count, heldOut * 2 < ranked.count else {
            throw FoldinError(
                .usage, file: path, found: "\(share.description) held-out users each for validation and for test",
                expected: "fewer than half of the \(ranked.count) users left after filtering")
        }
        var generator = NumPyGenerator(seed: choice.seed)
        let shuffled = generator.permutation(ranked.count).map { ranked[$0] }
        let trainCount = ranked.count - 2 * heldOut
        var userIndex = [Int32](repeating: -1, count: userIds.count)
        for (index, user) in shuffled.enumerated() { userIndex[Int(user)] = Int32(index) }

        let divided = TrainingRows(clicks, userIndex: userIndex, trainUserCount: trainCount, itemCount: itemIds.count, workers)
        let (train, items) = (divided.train, divided.heldOutItems)
        let (starts, order) = Clicks.grouped(divided.heldOutUsers, count: userIds.count, workers)
        func part(_ range: Range<Int>) -> (foldIn: PreparedRows.Part, heldOut: PreparedRows.Part) {
            let ranked = ranked.filter { range.contains(Int(userIndex[Int($0)])) }
            return choice.divide(ranked, starts: starts, order: order, items: items) { userIndex[Int($0)] }
        }
        let validation = part(trainCount..<trainCount + heldOut)
        let test = part(trainCount + heldOut..<ranked.count)
        let rows = PreparedRows(
            train: train, validationFoldIn: validation.foldIn, validationHeldOut: validation.heldOut, testFoldIn: test.foldIn,
            testHeldOut: test.heldOut)
        var counts = clicks.counts
        counts["interactions"] = clicks.count
        counts["items-all"] = Clicks.counts(clicks.items, itemIds.count, workers).count { $0 > 0 }
        counts["validation-users"] = heldOut
        counts["test-users"] = heldOut
        counts["rows-of-unknown-items"] = clicks.count - train.count - items.count
        return dataset(
            rows, trainUserCount: trainCount, items: divided.itemOrder.map { itemIds[Int($0)] },
            users: shuffled.map { userIds[Int($0)] }, counts: counts,
            dropped: clicks.dropped,
            options: [
                "split": "strong-generalization", "held-out-users": share.description, "held-out-items": "\(choice.fraction)",
                "seed": "\(choice.seed)",
            ])
    }

    /// Joins the parts and the record of how they were made.
    func dataset(
        _ rows: PreparedRows, trainUserCount: Int, items: [String], users: [String], counts: [String: Int],
        dropped: [String: Int], options: [String: String]
    ) -> PreparedFiles {
        var counts = counts
        counts["users"] = users.count
        counts["items"] = items.count
        counts["train-users"] = trainUserCount
        counts["train-interactions"] = rows.train.count
        counts["validation-fold-in-interactions"] = rows.validationFoldIn.count
        counts["validation-held-out-interactions"] = rows.validationHeldOut.count
        counts["test-fold-in-interactions"] = rows.testFoldIn.count
        counts["test-held-out-interactions"] = rows.testHeldOut.count
        let titles = self.titles?.titles(of: items) ?? []
        if self.titles != nil { counts["titles"] = titles.count { $0 != nil } }
        var record = PreparationRecord(
            sources: [], options: options.merging(filter.options) { old, _ in old }.merging(reading.options) { old, _ in old },
            counts: counts)
        record.dropped = dropped
        return PreparedFiles(
            rows: rows, trainUserCount: trainUserCount, items: items, users: users, titles: titles, preparation: record)
    }
}
