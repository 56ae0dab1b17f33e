import Foundation
import Testing

/// From a ratings file to recommendations with the built command.
@Suite("prepare, train, evaluate, recommend, similar") struct WholeRunTests {
    struct Record: Decodable {
        let epochs, bestEpoch: Int
        let interrupted: Bool
        let options: [String: String]
        let validation: [String: Double]
        let test: Report
    }

    @Test func trainsAndEvaluates() throws {
        let run = try TrainedRun(training: false)
        let outcome = try run.train("run", "--json", "--threads", "2")
        let record = try decode(Record.self, outcome)
        #expect(record.epochs == 3 && (1...3).contains(record.bestEpoch) && !record.interrupted)
        #expect(record.options["batch-size"] == "16" && record.options["seed"] == "98765")
        #expect(outcome.errors.contains("mult-vae I-8-4-8-I") && outcome.errors.contains("epoch   3  loss"))
        #expect(try run.names("run") == ["history.jsonl", "model.safetensors", "options.toml", "run.json", "tensorboard"])
        #expect(try String(decoding: run.bytes("run/history.jsonl"), as: UTF8.self).split(separator: "\n").count == 3)
        #expect(try run.bytes("run/run.json").contains(UInt8(ascii: "{")))

        let test = try run.foldin("evaluate", run.model, run.data, "--json")
        #expect(try decode(Report.self, test) == record.test)
        #expect(
            test.errors == "ndcg@100: the catalogue has 30 items, so k is 30\nrecall@50: the catalogue has 30 items, so k is 30\n"
        )
        #expect(record.test.users == 8 && Set(record.test.metrics.keys) == ["ndcg@100", "recall@20", "recall@50"])
        let validation = try decode(
            Report.self,
            run.foldin(
                "evaluate", run.model, run.data, "--on", "validation", "--metrics", "NDCG@100,recall-all@5,mrr@3,coverage@2",
                "--json"))
        #expect(validation.metrics["ndcg@100"]?.mean == record.validation["validation ndcg@100"])
        #expect(validation.metrics.count == 4)
        let text = try run.foldin("evaluate", run.model, run.data, "--threads", "1")
        #expect(text.status == 0 && text.output.contains("ndcg@100") && text.output.contains("over 8 users"))
    }

    @Test func recommends() throws {
        let run = try TrainedRun()
        let human = try run.foldin("recommend", run.model, "--history", "100, 102,zebra", "--top", "4")
        #expect(human.status == 0 && human.errors == "not known to the model: zebra\n")
        let lines = human.output.split(separator: "\n")
        #expect(lines.count == 4)
        #expect(lines.allSatisfy { $0.contains("  Film 1") && $0.contains("né 映画") && !$0.contains("Film 100,") })

        let machine = try run.foldin(
            "recommend", run.model, "--history", "100,102,zebra", "--exclude", "104,106", "--top", "7", "--json")
        let found = try decode(Found.self, machine)
        let items = found.items.map(\.item)
        #expect(items.count == 7 && Set(items).count == 7 && Set(items).isDisjoint(with: ["100", "102", "104", "106"]))
        #expect(found.items.map(\.score) == found.items.map(\.score).sorted(by: >))
        #expect(found.items.allSatisfy { $0.title == "Film \($0.item), né 映画" })
        #expect(found.unknown == ["zebra"])

        let all = try run.foldin("recommend", run.model, "--history", "100", "--top", "1000", "--json")
        #expect(try decode(Found.self, all).items.count == 29 && all.errors.contains("only 29 items"))
    }

    @Test func recommendsToManyAndNamesBadLines() throws {
        let run = try TrainedRun()
        let file = try run.folder.write("people.txt", "100,102\n\nnobody\n104 106\t108\r\n110, zebra")
        let machine = try run.foldin("recommend", run.model, "--histories", file, "--top", "3", "--json")
        #expect(machine.status == 0)
        let people = try machine.output.split(separator: "\n").map {
            try JSONDecoder().decode(Found.self, from: Data($0.utf8))
        }
        #expect(people.map(\.items.count) == [3, 3, 0, 3, 3])
        #expect(people.map(\.unknown) == [[], [], ["nobody"], [], ["zebra"]])
        #expect(machine.errors.contains("\(file):2: empty histories got the most popular items"))
        #expect(machine.errors.contains("\(file):3: found a history without any known item: \"nobody\""))
        // The same as one at a time.
        let alone = try decode(
            Found.self, run.foldin("recommend", run.model, "--history", "104,106,108", "--top", "3", "--json"))
        #expect(people[3].items.map(\.item) == alone.items.map(\.item))
        let human = try run.foldin("recommend", run.model, "--histories", file, "--top", "1")
        #expect(
            human.output.contains("history 1\n") && human.output.contains("history 5\n") && !human.output.contains("history 3"))

        let nobody = try run.folder.write("nobody.txt", "x\ny\n")
        #expect(try run.foldin("recommend", run.model, "--histories", nobody).status == 65)
    }

    @Test func findsSimilarItems() throws {
        let run = try TrainedRun()
        let machine = try run.foldin("similar", run.model, "--item", "104", "--top", "6", "--json")
        let items = try decode([Found.Item].self, machine)
        #expect(items.count == 6 && !items.contains { $0.item == "104" } && items.allSatisfy { abs($0.score) <= 1 })
        let human = try run.foldin("similar", run.model, "--item", "104", "--top", "6")
        #expect(human.output.split(separator: "\n").count == 6 && human.output.contains(items[0].title ?? "?"))
    }

    /// The issue's sixth point: the same seed gives the same bytes, with any number of threads.
    @Test(arguments: ["mult-vae", "mult-dae"])
    func sameSeedSameBytes(model: String) throws {
        let run = try TrainedRun(training: false)
        func bytes(_ name: String, _ more: String...) throws -> Data {
            let trained = try PrepareCommandTests.foldin(
                ["train", run.data, "--out", run.folder.path + "/" + name, "--model", model] + TrainedRun.network + more)
            try #require(trained.status == 0, "\(trained)")
            return try run.bytes(name + "/model.safetensors")
        }
        let first = try bytes("a", "--threads", "1")
        for (name, threads) in [("b", "1"), ("c", "2"), ("d", "3")] {
            let again = try bytes(name, "--threads", threads)
            #expect(again == first, "\(threads) threads")
        }
        let other = try bytes("e", "--seed", "5")
        #expect(other != first)
    }

    /// Killed without warning while it writes checkpoints, and gone on with: the same model, to the byte, and nothing else left.
    @Test(arguments: [[], ["--softmax", "sampled", "--negatives", "20"]])
    func killedRunsGoOnToTheSameModel(softmax: [String]) throws {
        let run = try TrainedRun(training: false)
        func arguments(_ name: String) -> [String] {
            ["train", run.data, "--out", run.folder.path + "/" + name, "--patience", "0"] + TrainedRun.network
                + ["--epochs", "300"] + softmax
        }
        try #require(try PrepareCommandTests.foldin(arguments("unbroken")).status == 0)
        let script = """
            "$0" "$@" & child=$!
            n=0; until [ "$(wc -l < '\(run.folder.path)/killed/history.jsonl' 2>/dev/null || echo 0)" -ge 20 ] || [ $n -ge 400 ]; do sleep 0.02; n=$((n+1)); done
            kill -KILL $child; wait $child; exit $?;
            """
        let killed = try PrepareCommandTests.foldin(arguments("killed") + ["--checkpoint-every", "0"], shell: script)
        let left = try run.names("killed")
        #expect(killed.status == 137 && !left.contains("model.safetensors"), "\(killed)")
        let other = try PrepareCommandTests.foldin(arguments("killed") + ["--resume", "--seed", "5"])
        #expect(other.status == 64 && other.errors.contains("seed"), "\(other)")
        let resumed = try PrepareCommandTests.foldin(arguments("killed") + ["--resume"])
        #expect(resumed.status == 0, "\(resumed)")
        #expect(try run.names("killed") == ["history.jsonl", "model.safetensors", "options.toml", "run.json", "tensorboard"])
        let (bytes, expected) = (try run.bytes("killed/model.safetensors"), try run.bytes("unbroken/model.safetensors"))
        #expect(bytes == expected)
        let finished = try PrepareCommandTests.foldin(arguments("killed") + ["--resume"])
        #expect(finished.status == 66 && finished.errors.contains("a finished run"), "\(finished)")
    }

    /// Ctrl-C keeps the best model so far and says so by its status.
    @Test func interruptedRunsKeepAModel() throws {
        let run = try TrainedRun(training: false)
        let arguments = ["train", run.data, "--out", run.folder.path + "/run", "--patience", "0"] + TrainedRun.network
        let endless = arguments + ["--epochs", "1000000"]
        // Starts it in the background, waits for the second epoch, and presses Ctrl-C.
        let script = """
            "$0" "$@" & child=$!
            n=0; until [ "$(wc -l < '\(run.folder.path)/run/history.jsonl' 2>/dev/null || echo 0)" -ge 2 ] || [ $n -ge 200 ]; do sleep 0.05; n=$((n+1)); done
            kill -INT $child; wait $child; exit $?;
            """
        let outcome = try PrepareCommandTests.foldin(endless, shell: script)
        #expect(outcome.status == 130 && outcome.errors.contains("go on with --resume"), "\(outcome)")
        #expect(
            try run.names("run") == [
                "checkpoint.safetensors", "history.jsonl", "model.safetensors", "options.toml", "run.json", "tensorboard",
            ])
        #expect(try run.foldin("evaluate", run.model, run.data).status == 0)
    }
}
