import FoldinInteractions
import FoldinTestSupport
import Foundation
import Testing

struct PreparedDirectoryTests {
    private let rows = PreparedRows(
        train: .init(users: [1, 0, 1], items: [2, 0, 1]), validationFoldIn: .init(users: [2], items: [1]),
        validationHeldOut: .init(users: [2], items: [0]), testFoldIn: .init(users: [3, 4], items: [2, 0]),
        testHeldOut: .init(users: [3], items: [1]))

    private func dataset() -> PreparedDataset {
        PreparedDataset(
            rows: rows, trainUserCount: 2, items: Vocabulary(["x", "y z", "\"é\""]),
            users: Vocabulary(["a", "b", "c", "d", "e"]),
            titles: ["Say \"no\", twice", nil, "Two\nlines"],
            preparation: PreparationRecord(
                sources: [.init(name: "r.csv", sha256: "00", format: "movielens-csv")], options: ["seed": "1"],
                counts: ["train-users": 2]))
    }

    @Test("a written directory is read back with its rows in order")
    func roundTrip() throws {
        let folder = try TemporaryFolder()
        let written = dataset()
        try written.write(to: folder.path + "/deep/er/out/")
        #expect(try folder.text("deep/er/out/train.csv") == "user,item\n1,2\n0,0\n1,1\n")
        #expect(try folder.text("deep/er/out/unique_sid.txt") == "x\ny z\n\"é\"\n")
        #expect(try folder.names(in: "deep/er") == ["out"])
        let read = try PreparedDataset(contentsOf: folder.path + "/deep/er/out")
        #expect(read.train == written.train && read.validation == written.validation && read.test == written.test)
        #expect(read.items == written.items && read.users == written.users)
        #expect(read.titles == ["Say \"no\", twice", nil, "Two lines"])
        #expect(read.preparation == written.preparation)
        #expect(read.test.userIndices == [3, 4] && read.test.heldOut.row(1).isEmpty)
    }

    @Test("without an order of rows, users and items are written in ascending order")
    func writesMatrices() throws {
        let folder = try TemporaryFolder()
        let whole = dataset()
        try PreparedDataset(
            train: whole.train, validation: whole.validation, test: whole.test, items: whole.items, users: whole.users
        ).write(to: folder.path + "/out")
        #expect(try folder.text("out/train.csv") == "user,item\n0,0\n1,1\n1,2\n")
        #expect(try folder.names(in: "out").contains("prepare.json") == false)
    }

    @Test("a prepared directory is replaced, any other directory is not")
    func replaces() throws {
        let folder = try TemporaryFolder()
        try dataset().write(to: folder.path + "/out")
        let unasked = failure { try dataset().write(to: folder.path + "/out") }
        #expect(unasked?.kind == .cannotCreate && unasked?.reason == .directoryExists)
        #expect(try dataset().write(to: folder.path + "/out", overwriting: true) == nil)
        #expect(try folder.names() == ["out"])
        _ = try folder.write("out/notes.txt", "mine")
        let refused = failure { try dataset().write(to: folder.path + "/out", overwriting: true) }
        #expect(refused?.kind == .cannotCreate && refused?.found.contains("notes.txt") == true)
        #expect(try folder.text("out/notes.txt") == "mine")
        _ = try folder.write("file", "mine")
        #expect(failure { try dataset().write(to: folder.path + "/file") }?.kind == .cannotCreate)
        #expect(failure { try dataset().write(to: "/proc/none/out") }?.kind == .cannotCreate)
        #expect(try folder.names() == ["file", "out"])
    }

    @Test("a directory of another tool is read: other headers, CRLF, no users, no record")
    func readsOthers() throws {
        let folder = try TemporaryFolder()
        _ = try folder.write("train.csv", "uid,sid\r\n0,1\r\n1,0\r\n1,0")
        for name in ["validation_tr", "test_tr"] { _ = try folder.write(name + ".csv", "uid,sid\n2,0\n\n") }
        for name in ["validation_te", "test_te"] { _ = try folder.write(name + ".csv", "uid,sid\n") }
        _ = try folder.write("unique_sid.txt", "i\r\nj")
        let dataset = try PreparedDataset(contentsOf: folder.path)
        #expect(dataset.train.count == 2 && dataset.train.userCount == 2)
        #expect(dataset.users.ids == ["0", "1", "2"] && dataset.items.ids == ["i", "j"])
        #expect(dataset.validation.userIndices == [2] && dataset.preparation == nil)
    }

    @Test(
        "what does not fit together is named with file and line",
        arguments: [
            ("test_te.csv", nil, "test_te.csv", nil, "no such file"),
            ("unique_sid.txt", nil, "unique_sid.txt", nil, "no such file"),
            ("unique_sid.txt", "x\ny\nx\n", "unique_sid.txt", 3, "'x', which is also on line 1"),
            ("unique_sid.txt", "x\n\ny\n", "unique_sid.txt", 2, "an empty line"),
            ("unique_sid.txt", "", "unique_sid.txt", nil, "an empty file"),
            ("train.csv", "user,item\n0,3\n", "train.csv", 2, "item index 3"),
            ("train.csv", "user,item\n0,0\n5,0\n", "train.csv", 3, "user index 5"),
            ("train.csv", "user,item\n99999999999999999999,0\n", "train.csv", 2, "user index 99999999999999999999"),
            ("train.csv", "user,item\n-1,0\n", "train.csv", 2, "'-1,0'"),
            ("train.csv", "user,item\n0;0\n", "train.csv", 2, "'0;0'"),
            ("train.csv", "user,item\n0,0,1\n", "train.csv", 2, "'0,0,1'"),
            ("train.csv", "user,item\n0,x\n", "train.csv", 2, "'0,x'"),
            ("train.csv", "item,user\n0,0\n", "train.csv", 1, "'item,user'"),
            ("train.csv", "user,item\n", "train.csv", nil, "no interactions"),
            ("train.csv", "", "train.csv", 1, "an empty file"),
            ("prepare.json", "{", "prepare.json", nil, "something that is not a record"),
            ("titles.csv", "item,title\n7,\"x\"\n", "titles.csv", 2, "'7,\"x\"'"),
        ] as [(String, String?, String, Int?, String)])
    func inconsistencies(name: String, text: String?, file: String, line: Int?, found: String) throws {
        let folder = try TemporaryFolder()
        try dataset().write(to: folder.path + "/out")
        let path = folder.path + "/out/" + name
        try FileManager.default.removeItem(atPath: path)
        if let text { _ = try folder.write("out/" + name, text) }
        let error = try #require(failure { try PreparedDataset(contentsOf: folder.path + "/out") })
        #expect(error.file == folder.path + "/out/" + file && error.line == line)
        #expect(error.found.hasPrefix(found), "\(error)")
        #expect(error.kind == (text == nil ? .missingInput : .badData))
    }

    @Test("a corrupt index does not allocate gigabytes")
    func hostileIndex() throws {
        let folder = try TemporaryFolder()
        try dataset().write(to: folder.path + "/out")
        try FileManager.default.removeItem(atPath: folder.path + "/out/unique_uid.txt")
        _ = try folder.write("out/train.csv", "user,item\n2147483646,0\n")
        let error = failure { try PreparedDataset(contentsOf: folder.path + "/out") }
        #expect(error?.line == 2 && error?.found == "user index 2147483646")
    }

    @Test("mutated files are read or refused and never trap")
    func mutations() throws {
        let folder = try TemporaryFolder()
        try dataset().write(to: folder.path + "/out")
        let names = try folder.names(in: "out")
        var state: UInt64 = 7
        func next(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int((state >> 33) % UInt64(bound))
        }
        for _ in 0..<300 {
            let path = folder.path + "/out/" + names[next(names.count)]
            let original = try Data(contentsOf: URL(fileURLWithPath: path))
            var changed = original
            changed[next(changed.count)] = UInt8(next(256))
            try changed.write(to: URL(fileURLWithPath: path))
            _ = failure { try PreparedDataset(contentsOf: folder.path + "/out") }
            try original.write(to: URL(fileURLWithPath: path))
        }
    }

    @Test("devices and pipes in the place of files are refused")
    func preparedDirectories() throws {
        let folder = try TemporaryFolder()
        let whole: [(String, String)] =
            [
                ("unique_sid.txt", "a\n"), ("train.csv", "user,item\n0,0\n"),
                ("prepare.json", "{\"sources\":[],\"options\":{},\"counts\":{}}"),
            ]
            + ["validation_tr", "validation_te", "test_tr", "test_te"].map { ($0 + ".csv", "user,item\n") }
            + [("unique_uid.txt", "u\n"), ("titles.csv", "item,title\n")]
        for (name, text) in whole { _ = try folder.write(name, text) }
        #expect(try PreparedDataset(contentsOf: folder.path).train.count == 1)
        for (name, text) in whole {
            let path = folder.path + "/" + name
            try FileManager.default.removeItem(atPath: path)
            try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: "/dev/zero")
            #expect(failure { try PreparedDataset(contentsOf: folder.path) }?.found == "a device", "\(name)")
            try FileManager.default.removeItem(atPath: path)
            // It has no writer; reading must not wait for one.
            try #require(mkfifo(path, 0o600) == 0)
            #expect(failure { try PreparedDataset(contentsOf: folder.path) }?.found == "a pipe", "\(name)")
            try FileManager.default.removeItem(atPath: path)
            _ = try folder.write(name, text)
        }
        for path in ["/dev/zero", folder.path + "/train.csv"] {
            #expect(failure { try PreparedDataset(contentsOf: path) }?.kind == .missingInput)
        }
    }
}
