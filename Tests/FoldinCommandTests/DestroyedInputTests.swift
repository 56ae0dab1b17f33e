#if Experiments && Service
import FoldinTestSupport
import Foundation
import Testing

/// No command writes over what it reads, nor over what it did not make.
@Suite("Inputs stay") struct DestroyedInputTests {
    private func foldin(_ arguments: String..., shell: String = "") throws -> PrepareCommandTests.Outcome {
        try PrepareCommandTests.foldin(arguments, shell: shell)
    }

    /// All files under a folder, with their contents; of links where they lead.
    private func tree(_ folder: String) throws -> [String: Data] {
        var files: [String: Data] = [:]
        for name in try FileManager.default.subpathsOfDirectory(atPath: folder) {
            let path = folder + "/" + name
            files[name] =
                (try? FileManager.default.destinationOfSymbolicLink(atPath: path)).map { Data($0.utf8) }
                ?? FileManager.default.contents(atPath: path) ?? Data()
        }
        return files
    }

    /// The same refusal whatever the input is called, with and without `--overwrite`.
    @Test func preparedOverItsInput() throws {
        let run = try TrainedRun(training: false)
        let folder = run.folder.path
        let links = [("file", "data/train.csv"), ("folder", "data"), ("data.csv", "ratings.csv")]
        for (link, target) in links {
            try FileManager.default.createSymbolicLink(atPath: folder + "/" + link, withDestinationPath: target)
        }
        let before = try tree(folder)
        let train = run.data + "/train.csv"
        let test = run.data + "/test_te.csv"
        let ratings = folder + "/ratings.csv"
        let inputs: [[String]] = [
            [train], [ratings, train], [folder + "/file"], [folder + "/folder/train.csv"], [run.data + "/../data/train.csv"],
            [ratings, "--titles", run.data + "/titles.csv"], [ratings, "--split", "given", "--test", test],
        ]
        for input in inputs {
            for out in [run.data, folder + "/folder", run.data + "/."] {
                let refused = try PrepareCommandTests.foldin(["prepare"] + input + ["--out", out, "--overwrite"])
                #expect(refused.status == 64 && refused.errors.contains("in the directory to write"), "\(input): \(refused)")
            }
        }
        let piped = try foldin("prepare", "-", "--out", run.data, "--overwrite", shell: "exec < '\(train)';")
        #expect(piped.status == 64, "\(piped)")
        #expect(try tree(folder) == before)
    }

    @Test func preparedOverWhatIsThere() throws {
        let run = try TrainedRun(training: false)
        let folder = run.folder.path
        let ratings = folder + "/ratings.csv"
        // A stranger's directory with names of ours.
        try FileManager.default.createDirectory(atPath: folder + "/theirs", withIntermediateDirectories: true)
        for record in [nil, "{}", "[]", "{\"sources\": []}"] {
            for name in ["train.csv", "titles.csv"] { _ = try run.folder.write("theirs/" + name, "years of work") }
            if let record { _ = try run.folder.write("theirs/prepare.json", record) }
            let before = try tree(folder)
            for more in [[], ["--overwrite"]] {
                let refused = try PrepareCommandTests.foldin(["prepare", ratings, "--out", folder + "/theirs"] + more)
                #expect(refused.status == 73, "\(refused)")
            }
            #expect(try tree(folder) == before)
        }
        // One of ours, without being asked.
        let before = try tree(folder)
        let unasked = try foldin("prepare", ratings, "--held-out-users", "8", "--out", run.data)
        #expect(unasked.status == 73 && unasked.errors.contains("--overwrite"), "\(unasked)")
        #expect(try tree(folder) == before)
        let asked = try foldin("prepare", ratings, "--held-out-users", "8", "--out", run.data, "--overwrite")
        #expect(asked.status == 0, "\(asked)")
        #expect(try run.folder.names(in: "data").contains("titles.csv") == false)
        #expect(try run.folder.names() == ["data", "movies.csv", "ratings.csv", "theirs"])
    }

    /// The result is one whole directory or the other.
    @Test func preparedTwiceAtOnce() throws {
        let run = try TrainedRun(training: false)
        let folder = run.folder.path
        func alone(_ seed: String) throws -> [String: Data] {
            let out = folder + "/alone-" + seed
            try #require(
                try foldin("prepare", folder + "/ratings.csv", "--held-out-users", "8", "--seed", seed, "--out", out).status == 0)
            return try tree(out)
        }
        let wanted = [try alone("1"), try alone("2")]
        let both =
            "\"$0\" \"$@\" --seed 1 & first=$!; \"$0\" \"$@\" --seed 2; second=$?; wait $first; exit $(($? * 1000 + second));"
        for turn in 0..<8 {
            let out = folder + "/out-\(turn % 2)"
            let outcome = try foldin(
                "prepare", folder + "/ratings.csv", "--held-out-users", "8", "--out", out, "--overwrite", shell: both)
            #expect(outcome.status == 0, "\(outcome)")
            #expect(wanted.contains(try tree(out)))
        }
        #expect(
            try run.folder.names() == ["alone-1", "alone-2", "data", "movies.csv", "out-0", "out-1", "ratings.csv"])
    }

    @Test func trainedOverItsData() throws {
        let run = try TrainedRun()
        let folder = run.folder.path
        try FileManager.default.moveItem(atPath: run.data, toPath: folder + "/run/data")
        let before = try tree(folder)
        let commands = [
            ["train", folder + "/run/data", "--model", "ease"], ["train", folder + "/run/data"] + TrainedRun.network,
            ["train", folder + "/run/data", "--resume"] + TrainedRun.network,
            ["blend", run.model, run.model, "--data", folder + "/run/data"],
        ]
        for command in commands {
            let more = command.contains("--resume") ? [] : ["--overwrite"]
            let refused = try PrepareCommandTests.foldin(command + ["--out", folder + "/run"] + more)
            #expect(refused.status == 64 && refused.errors.contains("would be replaced"), "\(refused)")
        }
        #expect(try tree(folder) == before)
    }

    @Test func sweepsAndReports() throws {
        let run = try TrainedRun(training: false)
        let folder = run.folder.path
        let file = try run.folder.write(
            "s.toml", "[base]\nlatent = 4\nhidden = [8]\nepochs = 1\n[grid]\nlearning-rate = [0.001]\n")
        let own = try foldin("sweep", file, "--data", run.data, "--out", run.data)
        #expect(own.status == 64, "\(own)")
        let out = folder + "/sweep"
        let sweep = try foldin("sweep", file, "--data", run.data, "--out", out)
        try #require(sweep.status == 0, "\(sweep)")
        let (before, data) = (try tree(folder), try tree(run.data))
        let places = ["/sweep.sqlite", "/sweep.sqlite-wal", "/sweep.lock", "/runs/page.html"].map { out + $0 }
        for place in places + [run.data + "/train.csv"] {
            let refused = try foldin("report", out, "--data", run.data, "--out", place)
            #expect(refused.status == 64, "\(place): \(refused)")
        }
        #expect(try tree(folder) == before)
        // The data is read where the sweep found it, too.
        let implied = try foldin("report", out, "--out", run.data + "/page.html")
        #expect(implied.status == 64, "\(implied)")
        #expect(try tree(run.data) == data)
        #expect(try foldin("report", out, "--out", out + "/report.html").status == 0)
    }

    @Test func eventsOverTheirFile() throws {
        let folder = try TemporaryFolder()
        let ratings = try folder.write("r.csv", "user,item,rating\nu,i,3\n")
        for database in ["r.csv", "./r.csv"] {
            let refused = try foldin("import-events", ratings, "--events", folder.path + "/" + database)
            #expect(refused.status == 64 && refused.errors.contains("the ratings file itself"), "\(refused)")
        }
        #expect(try folder.text("r.csv") == "user,item,rating\nu,i,3\n" && folder.names() == ["r.csv"])
    }

    /// What is no file is written to; a killed command leaves nothing at its target.
    @Test func specialTargets() throws {
        let folder = try TemporaryFolder()
        func make(_ out: String, shell: String = "") throws -> PrepareCommandTests.Outcome {
            try foldin(
                "datasets", "make", "--users", "20", "--items", "30", "--mean-interactions", "5", "--out", out, shell: shell)
        }
        let plain = try make(folder.path + "/plain.csv")
        #expect(plain.status == 0)
        let text = try folder.text("plain.csv")
        #expect(try make("/dev/stdout").output.hasPrefix(text))
        #expect(try make("/dev/fd/3", shell: "exec 3> '\(folder.path)/three';").status == 0)
        #expect(try folder.text("three") == text)
        let pipe = folder.path + "/fifo"
        try #require(mkfifo(pipe, 0o600) == 0)
        #expect(try make(pipe, shell: "cat '\(pipe)' > '\(folder.path)/read' & ").status == 0)
        // Ctrl-C ends what waits for a reader.
        let waiting = try make(pipe, shell: "timeout -k 60 -s INT 0.2 \"$0\" \"$@\"; exit $?;")
        #expect(waiting.status == 124, "\(waiting)")
        #expect(try folder.names() == ["fifo", "plain.csv", "read", "three"])
        #expect(try make(folder.path).status == 73)
    }
}
#endif
