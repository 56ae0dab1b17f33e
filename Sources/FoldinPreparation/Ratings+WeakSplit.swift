import FoldinInteractions
import FoldinKernels
import FoldinSupport

extension Ratings {
    /// The part that a row belongs to.
    private enum Part: UInt8 { case training, validation, test }

    /// A dataset with the same users in training and evaluation.
    ///
    /// Training rows keep the file's order; the others are grouped by user, in the file's order within each user.
    func weak(_ split: WeakSplit, seed: UInt32) throws -> PreparedFiles {
        let clicks = try remainingClicks()
        if split.needsTimestamps, clicks.timestamps.isEmpty {
            throw FoldinError(
                .usage, file: path, found: "no times of the interactions",
                expected: "a file with a time column, read with its timestamps")
        }
        let ranked = userIds.sortedCodes(clicks.presentUsers(of: userIds.count, workers))
        let (starts, grouped) = Clicks.grouped(clicks.users, count: userIds.count, workers)
        let order = grouped ?? (0..<UInt32(clicks.count)).map { $0 }
        var parts = [Part](repeating: .training, count: clicks.count)
        var options: [String: String] = [:]
        switch split {
        case .random(let heldOutItems, let validationItems):
            try Self.check(heldOutItems, "held-out items")
            try Self.check(validationItems, "validation items")
            Self.draw(heldOutItems, .test, ranked, starts, order, &parts, seed: seed)
            Self.draw(validationItems, .validation, ranked, starts, order, &parts, seed: seed)
            options = [
                "split": "weak-generalization", "held-out-items": "\(heldOutItems)", "validation-items": "\(validationItems)",
                "seed": "\(seed)",
            ]
        case .lastOut:
            for user in ranked {
                let rows = order[starts[Int(user)]..<starts[Int(user) + 1]].map(Int.init)
                guard rows.count >= 3 else { continue }
                let latest = rows.max { (clicks.timestamps[$0], $0) < (clicks.timestamps[$1], $1) } ?? rows[0]
                let next = rows.filter { $0 != latest }.max { (clicks.timestamps[$0], $0) < (clicks.timestamps[$1], $1) }
                parts[latest] = .test
                parts[next ?? latest] = .validation
            }
            options = ["split": "leave-last-out"]
        case .temporal(let fraction):
            guard fraction > 0, fraction < 0.5 else {
                throw FoldinError(
                    .usage, found: "\(fraction) as the fraction of the latest interactions",
                    expected: "more than 0 and less than 0.5, for test and again for validation")
            }
            let sorted = clicks.timestamps.sorted()
            let heldOut = Int(fraction * Double(clicks.count))
            let (validationStart, testStart) = (sorted[clicks.count - 2 * heldOut], sorted[clicks.count - heldOut])
            for row in parts.indices {
                let time = clicks.timestamps[row]
                parts[row] = time >= testStart ? .test : time >= validationStart ? .validation : .training
            }
            options = ["split": "temporal", "held-out-latest": "\(fraction)"]
        }
        return try weak(clicks, parts, ranked: ranked, starts: starts, order: order, options: options)
    }

    /// Moves a random fraction of each user's training rows to `part`, as the reference implementation chooses held-out items.
    private static func draw(
        _ fraction: Double, _ part: Part, _ ranked: [UInt32], _ starts: [Int], _ order: [UInt32], _ parts: inout [Part],
        seed: UInt32
    ) {
        var generator = NumPyGenerator(seed: seed)
        for user in ranked {
            let rows = order[starts[Int(user)]..<starts[Int(user) + 1]].filter { parts[Int($0)] == .training }
            guard rows.count >= HeldOutItems.fewestItems else { continue }
            for place in generator.choice(rows.count, size: Int(fraction * Double(rows.count))) { parts[Int(rows[place])] = part }
        }
    }

    private func weak(
        _ clicks: Clicks, _ parts: [Part], ranked: [UInt32], starts: [Int], order: [UInt32], options: [String: String]
    ) throws -> PreparedFiles {
        var userIndex = [Int32](repeating: -1, count: userIds.count)
        for (index, user) in ranked.enumerated() { userIndex[Int(user)] = Int32(index) }
        var numbering = ItemNumbering(itemCount: itemIds.count)
        var rows = PreparedRows(train: PreparedRows.Part())
        for row in parts.indices where parts[row] == .training {
            rows.train.users.append(userIndex[Int(clicks.users[row])])
            rows.train.items.append(numbering.number(clicks.items[row]))
        }
        guard rows.train.count > 0 else {
            throw FoldinError(
                .badData, file: path, found: "no interactions left for training (all \(clicks.count) are at the same time)",
                expected: "interactions at different times")
        }
        var counts = clicks.counts
        func part(_ part: Part, foldIn shownParts: [Part], _ name: String) -> (PreparedRows.Part, PreparedRows.Part) {
            var (foldIn, heldOut) = (PreparedRows.Part(), PreparedRows.Part())
            var (users, newUsers, unknown) = (0, 0, 0)
            for user in ranked {
                let own = order[starts[Int(user)]..<starts[Int(user) + 1]].map(Int.init)
                func items(_ chosen: [Part]) -> [Int32] {
                    own.filter { chosen.contains(parts[$0]) }.compactMap { numbering.known(clicks.items[$0]) }
                }
                let all = own.count { parts[$0] == part }
                let (known, heldOutItems) = (items(shownParts), items([part]))
                unknown += all - heldOutItems.count
                newUsers += known.isEmpty && all > 0 ? 1 : 0
                guard !known.isEmpty, !heldOutItems.isEmpty else { continue }
                users += 1
                for item in known {
                    foldIn.users.append(userIndex[Int(user)])
                    foldIn.items.append(item)
                }
                for item in heldOutItems {
                    heldOut.users.append(userIndex[Int(user)])
                    heldOut.items.append(item)
                }
            }
            counts["\(name)-users"] = users
            counts["\(name)-users-without-history"] = newUsers
            counts["\(name)-rows-of-unknown-items"] = unknown
            return (foldIn, heldOut)
        }
        (rows.validationFoldIn, rows.validationHeldOut) = part(.validation, foldIn: [.training], "validation")
        (rows.testFoldIn, rows.testHeldOut) = part(.test, foldIn: [.training, .validation], "test")
        counts["interactions"] = clicks.count
        counts["items-all"] = Clicks.counts(clicks.items, itemIds.count, workers).count { $0 > 0 }
        if !clicks.timestamps.isEmpty {
            // Rows that a recommender in service could not have known at the time of the test.
            let first = parts.indices.lazy.filter { parts[$0] == .test }.map { clicks.timestamps[$0] }.min() ?? .max
            counts["train-rows-after-first-test-row"] = parts.indices.count {
                parts[$0] == .training && clicks.timestamps[$0] > first
            }
        }
        return dataset(
            rows, trainUserCount: ranked.count, items: numbering.order.map { itemIds[Int($0)] },
            users: ranked.map { userIds[Int($0)] }, counts: counts, dropped: clicks.dropped, options: options)
    }
}
