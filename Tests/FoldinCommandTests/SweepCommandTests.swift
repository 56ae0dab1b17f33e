#if Experiments && Service
import FoldinTestSupport
import Foundation
import Testing

/// Sweeps by the built command.
@Suite("foldin sweep") struct SweepCommandTests {
    private static let text = """
        seeds = [1, 2]
        [base]
        epochs = 40
        batch-size = 8
        patience = 0
        latent = 4
        [grid]
        model = ["mult-vae", "mult-dae"]
        hidden = [8, 12]
        """

    private func status(_ run: TrainedRun, _ out: String) throws -> [(id: String, status: String)] {
        let outcome = try run.foldin("tables", run.folder.path + "/" + out, "--show", "all", "--format", "json")
        if outcome.status == 66 { return [] }  // killed before it wrote down what is to be done
        let rows = try #require(try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [[String: Any]])
        return rows.map { ($0["run"] as? String ?? "", $0["status"] as? String ?? "") }
    }

    @Test("killed repeatedly, it repeats no finished run and ends with the same models")
    func continuesAfterKills() throws {
        let run = try TrainedRun(training: false)
        let file = try run.folder.write("s.toml", Self.text)
        let began = ContinuousClock.now
        let whole = try run.foldin("sweep", file, "--data", run.data, "--out", run.folder.path + "/whole", "--json")
        #expect(whole.status == 0, "\(whole)")
        let seconds = (ContinuousClock.now - began) / .seconds(1)
        let out = run.folder.path + "/out"
        var kills = 0
        var finished: [String: Date] = [:]
        while true {
            let process = Process()
            process.executableURL = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
                .appending(path: "foldin")
            process.arguments = [
                "sweep", file, "--data", run.data, "--out", out, "--checkpoint-every", "0.05", "--parallel", "2",
            ]
            process.standardOutput = FileHandle.nullDevice
            process.standardError = FileHandle.nullDevice
            try process.run()
            Thread.sleep(forTimeInterval: seconds * (0.2 + 0.1 * Double(kills)))
            if process.isRunning {
                kill(process.processIdentifier, SIGKILL)
                kills += 1
            }
            process.waitUntilExit()
            let rows = try FileManager.default.fileExists(atPath: out + "/sweep.sqlite") ? status(run, "out") : []
            for (id, date) in finished { #expect(try modified(out, id) == date, "\(id) was trained again") }
            for row in rows where row.status == "finished" { finished[row.id] = try modified(out, row.id) }
            if process.terminationReason == .exit {
                #expect(process.terminationStatus == 0)
                break
            }
            try #require(kills < 60)
        }
        #expect(kills >= 2 && finished.count == 8)
        for id in finished.keys {
            #expect(try run.bytes("out/runs/\(id)/model.safetensors") == run.bytes("whole/runs/\(id)/model.safetensors"))
        }
    }

    private func modified(_ out: String, _ id: String) throws -> Date? {
        try FileManager.default.attributesOfItem(atPath: "\(out)/runs/\(id)/model.safetensors")[.modificationDate] as? Date
    }

    @Test("tables, a comparison and the report read its results; a failed run gives 65")
    func isReadByOtherCommands() throws {
        let run = try TrainedRun(training: false)
        let file = try run.folder.write(
            "s.toml", "[base]\nepochs = 2\nhidden = 8\n[grid]\nlatent = [3, 4]\ndropout = [0.2, 2]\n")
        let out = run.folder.path + "/out"
        let sweep = try run.foldin("sweep", file, "--data", run.data, "--out", out)
        #expect(sweep.status == 65 && sweep.errors.contains("failed: mult-vae-8-3") && sweep.output.contains("| Mult-VAE | I-8-"))
        let rows = try status(run, "out")
        #expect(rows.map(\.status) == ["finished", "failed", "finished", "failed"])
        let compared = try run.foldin("tables", out, "--compare", rows[0].id, rows[2].id, "--format", "csv")
        #expect(compared.output.hasPrefix("metric,users,first,second,difference,difference_se,95% from,to,p\nndcg@100,8,"))
        let named = try run.foldin("tables", out, "--compare", rows[0].id, rows[2].id)
        #expect(named.output.hasPrefix("| metric | users | \(rows[0].id) | \(rows[2].id) | difference |"))
        #expect(try run.foldin("tables", out, "--compare", rows[0].id).status == 64)
        #expect(try run.foldin("tables", run.folder.path).status == 66)
        let report = try run.foldin("report", out, "--out", run.folder.path + "/r.html")
        #expect(report.status == 0 && report.output == run.folder.path + "/r.html\n", "\(report)")
        #expect(try run.folder.text("r.html").contains("Film 1"))
        #expect(
            try run.foldin("sweep", file, "--data", run.data, "--out", out, "--dry-run").output.split(separator: "\n").count == 4)
    }
}
#endif
