import FoldinInteractions
import FoldinKernels

extension Ratings {
    /// A dataset whose test interactions are in another file; see `Split.given`.
    func given(_ test: Ratings, _ choice: HeldOutItems) throws -> PreparedFiles {
        let trainClicks = try remainingClicks()
        let testClicks = try test.remainingClicks()

        // One numbering of users and of items for both files.
        var userTable = userIds
        var itemTable = itemIds
        let userCodes = userTable.merge(test.userIds)
        let itemCodes = itemTable.merge(test.itemIds)
        let testUsers = testClicks.users.map { userCodes[Int($0)] }
        let testItems = testClicks.items.map { itemCodes[Int($0)] }

        var isPresent = [Bool](repeating: false, count: userTable.count)
        for user in trainClicks.users { isPresent[Int(user)] = true }
        let trainUsers = isPresent
        for user in testUsers { isPresent[Int(user)] = true }
        let ranked = userTable.sortedCodes((0..<UInt32(userTable.count)).filter { isPresent[Int($0)] })
        var userIndex = [Int32](repeating: -1, count: userTable.count)
        for (index, user) in ranked.enumerated() { userIndex[Int(user)] = Int32(index) }

        var numbering = ItemNumbering(itemCount: itemTable.count)
        let trainItemNumbers = trainClicks.items.map { numbering.number($0) }
        let trainItemCount = numbering.order.count
        let testItemNumbers = testItems.map { numbering.number($0) }

        func grouped(_ users: [UInt32], _ items: [Int32], _ choice: HeldOutItems) -> (PreparedRows.Part, PreparedRows.Part) {
            let (starts, order) = Clicks.grouped(users, count: userTable.count, workers)
            return choice.divide(ranked, starts: starts, order: order, items: items) { userIndex[Int($0)] }
        }
        let nothing = HeldOutItems(fraction: 0, seed: choice.seed)
        let (testFoldIn, _) = grouped(trainClicks.users, trainItemNumbers, nothing)
        let (testHeldOut, _) = grouped(testUsers, testItemNumbers, nothing)
        var rows = PreparedRows(
            train: PreparedRows.Part(users: trainClicks.users.map { userIndex[Int($0)] }, items: trainItemNumbers),
            testFoldIn: testFoldIn, testHeldOut: testHeldOut)
        if choice.fraction > 0 {
            (rows.validationFoldIn, rows.validationHeldOut) = grouped(trainClicks.users, trainItemNumbers, choice)
            rows.removeFromTrain(rows.validationHeldOut)
        }

        let trained = Set(zip(trainClicks.users, trainItemNumbers).map { UInt64($0) << 32 | UInt64($1) })
        var counts = trainClicks.counts
        counts["interactions"] = trainClicks.count + testClicks.count
        counts["test-rows"] = test.count
        counts["test-duplicates"] = testClicks.counts["duplicates"]
        counts["test-items-not-in-train"] = numbering.order.count - trainItemCount
        counts["test-users-not-in-train"] = ranked.count { !trainUsers[Int($0)] }
        counts["test-rows-of-items-not-in-train"] = testItemNumbers.count { Int($0) >= trainItemCount }
        counts["test-rows-in-train-too"] = zip(testUsers, testItemNumbers).count {
            trained.contains(UInt64($0) << 32 | UInt64($1))
        }
        counts["validation-users"] = choice.fraction > 0 ? trainUsers.count { $0 } : 0
        counts["test-users"] = Set(testUsers).count
        return dataset(
            rows, trainUserCount: ranked.count, items: numbering.order.map { itemTable[Int($0)] },
            users: ranked.map { userTable[Int($0)] }, counts: counts,
            dropped: trainClicks.dropped,
            options: ["split": "given", "validation-items": "\(choice.fraction)", "seed": "\(choice.seed)"])
    }
}

extension PreparedRows {
    /// Removes the rows of `part` from the training rows, which keep their order.
    fileprivate mutating func removeFromTrain(_ part: Part) {
        let removed = Set(zip(part.users, part.items).map { UInt64($0) << 32 | UInt64($1) })
        var kept = Part()
        for (user, item) in zip(train.users, train.items) where !removed.contains(UInt64(user) << 32 | UInt64(item)) {
            kept.users.append(user)
            kept.items.append(item)
        }
        train = kept
    }
}
