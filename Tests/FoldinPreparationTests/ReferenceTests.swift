import FoldinInteractions
import FoldinTestSupport
import Foundation
import Testing

@testable import FoldinPreparation

private let python = ProcessInfo.processInfo.environment["FOLDIN_PYTHON"]
private let movieLens = (ProcessInfo.processInfo.environment["FOLDIN_DATASETS"] ?? "") + "/ml-1m/ratings.csv"

/// Every file has the same bytes as that of the independent NumPy script.
@Suite(.enabled(if: python != nil, "FOLDIN_PYTHON names a Python with NumPy"))
struct ReferenceTests {
    struct Trial: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var text: String
        var arguments: [String] = []
        var prepare: @Sendable (Ratings) throws -> PreparedDataset
    }

    /// Rows of users with very different activity.
    private static func rows(_ seed: UInt64, users: Int, shuffled: Bool = false, _ user: (Int) -> String, _ item: (Int) -> String)
        -> String
    {
        var state = seed
        func next(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int((state >> 33) % UInt64(bound))
        }
        var lines: [String] = []
        for number in 0..<users {
            for _ in 0..<1 + next(number % 5 == 0 ? 30 : 9) {
                // Squaring makes some items popular, which also gives repeats.
                let draw = next(60)
                lines.append("\(user(number)),\(item(draw * draw / 60)),\(Double(1 + next(10)) / 2)")
            }
        }
        if shuffled {
            for place in stride(from: lines.count - 1, to: 0, by: -1) { lines.swapAt(place, next(place + 1)) }
        }
        return "userId,movieId,rating\n" + lines.joined(separator: "\n") + "\n"
    }

    static let trials = [
        Trial(
            testDescription: "numbers, the defaults",
            text: rows(1, users: 150, { "\($0 * 37 + 5)" }, { "\($0 + 90)" }), arguments: ["--rating-above", "3.5"],
            prepare: { try $0.rated(above: 3.5).keepingUsers(withAtLeast: 5).split(.strongGeneralization(heldOutUsers: 0.1)) }),
        Trial(
            testDescription: "strings, another seed, a number of users",
            text: rows(2, users: 120, { "u \($0)é" }, { "\"i \($0), \"\"x\"\"\"" }),
            arguments: ["--seed", "42", "--held-out-users", "17", "--held-out-items", "0.37", "--min-user", "3"],
            prepare: {
                try $0.keepingUsers(withAtLeast: 3).split(
                    .strongGeneralization(heldOutUsers: 17, heldOutItems: 0.37, seed: 42))
            }),
        Trial(
            testDescription: "shuffled users, a filter of items, the largest seed",
            text: rows(3, users: 200, shuffled: true, { "\($0)" }, { "\($0)" }),
            arguments: ["--seed", "4294967295", "--min-item", "12", "--rating-above", "2", "--held-out-users", "0.25"],
            prepare: {
                try $0.rated(above: 2).keepingItems(withAtLeast: 12).keepingUsers(withAtLeast: 5).split(
                    .strongGeneralization(heldOutUsers: 0.25, seed: .max))
            }),
        Trial(
            testDescription: "numbers beyond 64 bits and one with a leading zero further on",
            text: rows(4, users: 60, shuffled: true, { $0 == 33 ? "033" : "\($0)0000000000000000000000" }, { "\($0)" }),
            arguments: ["--min-user", "0", "--held-out-users", "20", "--held-out-items", "0.5", "--seed", "0"],
            prepare: { try $0.split(.strongGeneralization(heldOutUsers: 20, heldOutItems: 0.5, seed: 0)) }),
        Trial(
            testDescription: "numbers beyond 64 bits",
            text: rows(
                5, users: 60,
                {
                    "\($0)0000000000000000000000".replacing(
                        "0000000000000000000000", with: $0 == 0 ? "" : "0000000000000000000000")
                }, { "\($0)" }),
            arguments: ["--held-out-users", "5"],
            prepare: { try $0.keepingUsers(withAtLeast: 5).split(.strongGeneralization(heldOutUsers: 5)) }),
    ]

    @Test(arguments: trials)
    func equalsTheReference(_ trial: Trial) throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("r.csv", trial.text)
        let dataset = try trial.prepare(Ratings(contentsOf: path, format: .movieLensCSV))
        try compare(dataset, in: folder, [path] + trial.arguments)
    }

    @Test("data that is already divided", arguments: ["0.1", "0.25", "0"])
    func given(validationItems: String) throws {
        let folder = try TemporaryFolder()
        let train = try folder.write("train.csv", Self.rows(6, users: 90, shuffled: true, { "\($0 * 3)" }, { "i\($0)" }))
        let test = try folder.write("test.csv", Self.rows(7, users: 100, { "\($0 * 3)" }, { "i\($0 + 9)" }))
        let dataset = try Ratings(contentsOf: train).rated(above: 2).split(
            .given(
                test: Ratings(contentsOf: test).rated(above: 2), validationItems: try #require(Double(validationItems)), seed: 7))
        try compare(
            dataset, in: folder,
            [train, "--test", test, "--validation-items", validationItems, "--rating-above", "2", "--seed", "7"])
    }

    @Test(
        "MovieLens 1M, with the known counts",
        .enabled(if: FileManager.default.fileExists(atPath: movieLens), "FOLDIN_DATASETS holds ml-1m/ratings.csv"))
    func movieLens1M() throws {
        let folder = try TemporaryFolder()
        let dataset = try Ratings(contentsOf: movieLens).rated(above: 3.5).keepingUsers(withAtLeast: 5)
            .split(.strongGeneralization(heldOutUsers: 600))
        let counts = try #require(dataset.preparation?.counts)
        #expect(counts["interactions"] == 575_272 && counts["users"] == 6_034 && counts["items-all"] == 3_533)
        #expect(counts["train-interactions"] == 462_827 && counts["items"] == 3_497)
        #expect(dataset.validation.foldIn.count == 46_146 && dataset.validation.heldOut.count == 11_228)
        #expect(dataset.test.foldIn.count == 44_266 && dataset.test.heldOut.count == 10_761)
        try compare(dataset, in: folder, [movieLens, "--rating-above", "3.5", "--held-out-users", "600"])
    }

    private func compare(_ dataset: PreparedDataset, in folder: TemporaryFolder, _ arguments: [String]) throws {
        try dataset.write(to: folder.path + "/ours")
        let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("Reference/prepare_reference.py").path
        let process = Process()
        process.executableURL = URL(fileURLWithPath: try #require(python))
        process.arguments = [script, arguments[0], folder.path + "/theirs"] + arguments.dropFirst()
        try process.run()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0)
        let names = try folder.names(in: "theirs")
        #expect(names.count == 7)
        for name in names {
            let same = FileManager.default.contentsEqual(
                atPath: folder.path + "/ours/" + name, andPath: folder.path + "/theirs/" + name)
            #expect(same, "\(name) differs")
        }
        #expect(dataset.train.count > 0)
    }
}
