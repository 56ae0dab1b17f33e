import FoldinInteractions
import FoldinKernels
import FoldinTestSupport
import Foundation
import Testing

@testable import FoldinPreparation

@Suite("Splits that judge the users trained on") struct WeakSplitTests {
    private func ratings(_ rows: [(user: String, item: String, time: Int)]) throws -> Ratings {
        let folder = try TemporaryFolder()
        let text = "userId,movieId,rating,timestamp\n" + rows.map { "\($0.user),\($0.item),1,\($0.time)\n" }.joined()
        return try Ratings(contentsOf: folder.write("r.csv", text), keepingTimestamps: true)
    }

    private func raw(_ part: PreparedRows.Part, _ dataset: PreparedDataset) -> [String] {
        zip(part.users, part.items).map { dataset.users[Int($0)] + dataset.items[Int($1)] }
    }

    @Test(
        "the last item is for test, the one before for validation; ties follow the file's order; short histories stay in training"
    )
    func leaveLastOut() throws {
        let dataset = try ratings([
            ("2", "a", 5), ("1", "a", 9), ("1", "b", 3), ("1", "c", 9), ("1", "d", 4), ("2", "b", 5), ("2", "c", 5),
            ("3", "a", 1),
            ("3", "b", 2), ("3", "d", 0),
        ]).keepingUsers(withAtLeast: 3).split(.leaveLastOut)
        let rows = try #require(dataset.rows)
        #expect(dataset.users.ids == ["1", "2", "3"])
        #expect(raw(rows.train, dataset) == ["2a", "1b", "1d", "3d"])
        // c is in no training row, so the last items of users 1 and 2 cannot be found. User 1's last item but one is a.
        #expect(raw(rows.testHeldOut, dataset) == ["3b"] && raw(rows.testFoldIn, dataset) == ["3a", "3d"])
        #expect(raw(rows.validationHeldOut, dataset) == ["1a", "2b", "3a"])
        #expect(raw(rows.validationFoldIn, dataset) == ["1b", "1d", "2a", "3d"])
        let counts = try #require(dataset.preparation?.counts)
        #expect(counts["test-rows-of-unknown-items"] == 2 && counts["test-users"] == 1 && counts["validation-users"] == 3)
        // The first test row is user 3's, at 2.
        #expect(counts["train-rows-after-first-test-row"] == 3)
        #expect(dataset.preparation?.options["split"] == "leave-last-out" && dataset.leakage.isNone)

        let short = try ratings([("1", "a", 1), ("1", "b", 2), ("2", "a", 1)]).split(.leaveLastOut)
        #expect(short.train.count == 3 && short.test.count == 0)
    }

    @Test("the latest interactions of all users are for test; equal times stay together; new users are left out")
    func temporal() throws {
        let dataset = try ratings([
            ("1", "a", 1), ("1", "b", 2), ("2", "a", 3), ("2", "d", 4), ("2", "b", 5), ("3", "a", 6), ("1", "d", 7),
            ("2", "c", 7),
            ("1", "c", 8), ("3", "b", 9),
        ]).split(.temporal(heldOut: 0.3))
        let rows = try #require(dataset.rows)
        // Of 10 rows the third last has time 7, as the fourth last has; the sixth last has time 5.
        #expect(dataset.preparation?.options["held-out-latest"] == "0.3")
        #expect(raw(rows.train, dataset) == ["1a", "1b", "2a", "2d"])
        #expect(raw(rows.validationHeldOut, dataset) == ["2b"] && raw(rows.validationFoldIn, dataset) == ["2a", "2d"])
        #expect(raw(rows.testHeldOut, dataset) == ["1d", "3b"] && raw(rows.testFoldIn, dataset) == ["1a", "1b", "3a"])
        let counts = try #require(dataset.preparation?.counts)
        #expect(counts["validation-users-without-history"] == 1 && counts["validation-rows-of-unknown-items"] == 0)
        #expect(counts["test-rows-of-unknown-items"] == 2 && counts["train-rows-after-first-test-row"] == 0)
    }

    @Test("each click is in one part; there is no leakage; random choices are NumPy's and depend on the seed only")
    func random() throws {
        let folder = try TemporaryFolder()
        try SyntheticRatings(users: 200, items: 60, meanInteractions: 15, seed: 5).write(to: folder.path + "/r.csv")
        func split(_ seed: UInt32, threads: Int = 2) throws -> PreparedDataset {
            try Ratings(contentsOf: folder.path + "/r.csv", workers: Workers(count: threads)).keepingUsers(withAtLeast: 5)
                .split(.weakGeneralization(heldOutItems: 0.25, validationItems: 0.2, seed: seed))
        }
        let dataset = try split(3)
        let rows = try #require(dataset.rows)
        let parts = [rows.train, rows.validationHeldOut, rows.testHeldOut].map { part in
            Set(zip(part.users, part.items).map { "\($0) \($1)" })
        }
        let unknown = ["validation", "test"].map { dataset.preparation?.counts["\($0)-rows-of-unknown-items"] ?? 0 }
        #expect(parts.map(\.count).reduce(0, +) == parts.reduce(Set()) { $0.union($1) }.count)
        #expect(parts.map(\.count).reduce(unknown.reduce(0, +), +) == dataset.preparation?.counts["interactions"])
        #expect(dataset.leakage.isNone)
        for (row, user) in dataset.test.userIndices.enumerated() {
            let (shown, sought) = (dataset.test.foldIn.row(row).count, dataset.test.heldOut.row(row).count)
            #expect(sought == Int(0.25 * Double(shown + sought)) || unknown[1] > 0, "user \(user)")
        }
        // The fold-in items of the test are the training items and the held-out items of validation.
        #expect(rows.testFoldIn.count == rows.train.count + rows.validationHeldOut.count)
        #expect(try split(3, threads: 5).rows == rows && split(4).rows != rows)

        // The first user's choices by hand: 25% of n, then 20% of the rest, each by its own generator.
        let text = try folder.text("r.csv").split(separator: "\n").dropFirst().map { $0.split(separator: ",") }
        let own = text.filter { $0[0] == dataset.users[0] }.map { String($0[1]) }
        var draws = NumPyGenerator(seed: 3)
        let test = Set(draws.choice(own.count, size: Int(0.25 * Double(own.count))).map { own[$0] })
        #expect(Set(dataset.test.heldOut.row(0).map { dataset.items[Int($0)] }) == test)
        let rest = own.filter { !test.contains($0) }
        var again = NumPyGenerator(seed: 3)
        let validation = Set(again.choice(rest.count, size: Int(0.2 * Double(rest.count))).map { rest[$0] })
        #expect(Set(dataset.validation.heldOut.row(0).map { dataset.items[Int($0)] }) == validation)
    }

    @Test func refusals() throws {
        let without = try TemporaryFolder()
        let plain = try Ratings(contentsOf: without.write("r.csv", "user,item\n1,a\n1,b\n1,c\n"), keepingTimestamps: true)
        for split in [Split.leaveLastOut, .temporal()] {
            #expect(failure { try plain.split(split) }?.found.contains("no times") == true)
        }
        let timed = try ratings([("1", "a", 1), ("1", "b", 1), ("1", "c", 1)])
        for fraction in [0, 0.5, -1, .nan] {
            #expect(failure { try timed.split(.temporal(heldOut: fraction)) }?.kind == .usage)
        }
        #expect(failure { try timed.split(.temporal(heldOut: 0.4)) }?.kind == .badData)
        for fraction in [1, -0.1, .nan] {
            #expect(failure { try timed.split(.weakGeneralization(heldOutItems: fraction)) }?.kind == .usage)
            #expect(failure { try timed.split(.weakGeneralization(validationItems: fraction)) }?.kind == .usage)
        }
    }

    @Test("held-out rows that are also in training, fold-in or validation are counted")
    func leakage() {
        let users = InteractionMatrix(rows: [[0, 1], [2]], itemCount: 5)
        func heldOut(_ shown: [[Int]], _ sought: [[Int]]) -> HeldOutUsers {
            HeldOutUsers(
                userIndices: [1, 2], foldIn: InteractionMatrix(rows: shown, itemCount: 5),
                heldOut: InteractionMatrix(rows: sought, itemCount: 5))
        }
        let dataset = PreparedDataset(
            train: users, validation: heldOut([[0], [1]], [[2, 4], [0]]), test: heldOut([[3], [1, 2]], [[2, 4], [1, 2, 3]]),
            items: Vocabulary((0..<5).map { "\($0)" }), users: Vocabulary((0..<3).map { "\($0)" }))
        // User 1 has item 2 in training and held out in both parts; user 2 is not a training user and has items 1 and 2 of the
        // test as fold-in.
        #expect(dataset.leakage == Leakage(inTraining: 2, inFoldIn: 2, inValidation: 2, learnt: 2))
        #expect(dataset.validationLeakage == Leakage(inTraining: 1, learnt: 1))
        #expect(dataset.testLeakage == Leakage(inTraining: 1, inFoldIn: 2, inValidation: 2, learnt: 1))
        #expect(!dataset.leakage.isNone)
    }
}
