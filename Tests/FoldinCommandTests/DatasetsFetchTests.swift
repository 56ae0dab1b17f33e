import FoldinTestSupport
import Foundation
import Testing

private let python = ProcessInfo.processInfo.environment["FOLDIN_PYTHON"]

/// `foldin datasets fetch` against a server on this machine.
struct DatasetsFetchTests {
    @Test("a local copy is used in place")
    func local() throws {
        let folder = try TemporaryFolder()
        try FileManager.default.createDirectory(atPath: folder.path + "/ml-1m", withIntermediateDirectories: true)
        _ = try folder.write("ml-1m/ratings.csv", "userId,movieId,rating\n")
        let environment = ["FOLDIN_DATASETS": folder.path]
        let outcome = try PrepareCommandTests.foldin(["datasets", "fetch", "ml-1m", "--json"], environment: environment)
        let summary = try outcome.json()
        #expect(summary["directory"] as? String == folder.path + "/ml-1m" && summary["downloaded"] as? Bool == false)
        #expect(summary["ratings"] as? String == folder.path + "/ml-1m/ratings.csv")
        // With --out the next command finds it where it was asked for.
        let place = folder.path + "/mine"
        for _ in 1...2 {
            let linked = try PrepareCommandTests.foldin(["datasets", "fetch", "ml-1m", "--out", place], environment: environment)
            #expect(linked.status == 0 && linked.output.contains("here already, in \(place)"), "\(linked)")
            #expect(try String(contentsOfFile: place + "/ratings.csv", encoding: .utf8) == "userId,movieId,rating\n")
        }
        let file = try folder.write("file", "mine")
        let refused = try PrepareCommandTests.foldin(["datasets", "fetch", "ml-1m", "--out", file], environment: environment)
        #expect(refused.status == 73, "\(refused)")
        #expect(try String(contentsOfFile: file, encoding: .utf8) == "mine")
        #expect(
            try PrepareCommandTests.foldin(["datasets", "list"], environment: environment).output.contains("here: " + folder.path)
        )
        #expect(try PrepareCommandTests.foldin(["datasets", "fetch", "ml-3m"]).status == 64)
    }

    @Test("downloads, verifies the checksum, unpacks, and leaves no files after a failure", .enabled(if: python != nil))
    func downloads() throws {
        let folder = try TemporaryFolder()
        let make = """
            import hashlib, zipfile
            with zipfile.ZipFile("ml-100k.zip", "w") as archive:
                archive.writestr("ml-100k/u.data", "1\\t2\\t3\\t4\\n")
            open("half.zip", "wb").write(open("ml-100k.zip", "rb").read()[:60])
            print(hashlib.md5(open("ml-100k.zip", "rb").read()).hexdigest(), end=" ")
            print(hashlib.md5(open("half.zip", "rb").read()).hexdigest(), end="")
            """
        let digests = try run(["-c", make], in: folder).split(separator: " ").map { String($0) }
        let names = try folder.names()

        let server = Process()
        let announcement = Pipe()
        server.executableURL = URL(fileURLWithPath: try #require(python))
        server.arguments = ["-u", "-m", "http.server", "0", "--bind", "127.0.0.1"]
        server.currentDirectoryURL = URL(fileURLWithPath: folder.path)
        server.standardOutput = announcement
        server.standardError = FileHandle.nullDevice
        try server.run()
        defer {
            // A child inherits the blocked signals of the thread that starts it, so that SIGTERM may never arrive.
            kill(server.processIdentifier, SIGKILL)
            server.waitUntilExit()
        }
        let line = String(decoding: announcement.fileHandleForReading.availableData, as: UTF8.self)
        let port = try #require(line.split(separator: " ").compactMap { Int($0) }.first)
        let mirror = "http://127.0.0.1:\(port)/"
        let out = folder.path + "/out"

        func fetch(_ file: String, _ md5: String?) throws -> PrepareCommandTests.Outcome {
            try PrepareCommandTests.foldin(
                ["datasets", "fetch", "ml-100k", "--from", mirror + file, "--out", out] + (md5.map { ["--md5", $0] } ?? []))
        }
        let missing = try fetch("none.zip", nil)
        #expect(missing.status == 66 && missing.errors.contains("HTTP status 404"), "\(missing)")
        let changed = try fetch("ml-100k.zip", nil)
        #expect(changed.status == 65 && changed.errors.contains("expected MD5 0e33842e24a9c977be4e0107933c0723"), "\(changed)")
        let half = try fetch("half.zip", digests[1])
        #expect(half.status == 65 && half.errors.contains("unzip cannot unpack"), "\(half)")
        #expect(try folder.names() == names)
        let good = try fetch("ml-100k.zip", digests[0])
        #expect(good.status == 0 && good.output.contains("ratings: \(out)/u.data"), "\(good)")
        #expect(try FileManager.default.contentsOfDirectory(atPath: out) == ["u.data"])
    }

    private func run(_ arguments: [String], in folder: TemporaryFolder) throws -> String {
        let process = Process()
        let output = Pipe()
        process.executableURL = URL(fileURLWithPath: try #require(python))
        process.arguments = arguments
        process.currentDirectoryURL = URL(fileURLWithPath: folder.path)
        process.standardOutput = output
        try process.run()
        process.waitUntilExit()
        return String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    }
}
