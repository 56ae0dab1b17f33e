#if Experiments
import FoldinExperiments
import FoldinInteractions
import FoldinSupport
import FoldinTestSupport
import FoldinTraining
import Foundation
import Testing

@Suite("Sweep file") struct SweepFileTests {
    private func values(_ file: SweepFile, _ names: String...) -> [String] {
        file.runs.map { run in names.map { run.plan.options[$0] ?? "?" }.joined(separator: " ") }
    }

    @Test("a grid is every combination, the seed fastest") func expandsGrids() throws {
        let file = try SweepFile(
            """
            seeds = [7, 8]
            [base]
            epochs = 3
            [grid]
            latent = [10, 20]
            model = ["mult-vae", "mult-dae"]
            shape = [{ hidden = 30 }, { hidden = [40, 30], dropout = 0.1 }]
            """, name: "x")
        #expect(file.runs.count == 16 && file.name == "x")
        #expect(
            values(file, "hidden", "model", "latent", "seed").prefix(6) == [
                "30 mult-vae 10 7", "30 mult-vae 10 8", "30 mult-vae 20 7", "30 mult-vae 20 8", "30 mult-dae 10 7",
                "30 mult-dae 10 8",
            ])
        #expect(values(file, "hidden", "dropout", "epochs").last == "40,30 0.1 3")
        #expect(Set(file.runs.map(\.id)).count == 16 && Set(file.runs.map(\.configuration)).count == 8)
    }

    @Test("an identifier depends only on the options") func identifiesRuns() throws {
        let one = try SweepFile("[[runs]]\nlatent = 50\nseed = 3\n", name: "a").runs[0]
        let other = try SweepFile("[base]\nlatent = 50\nepochs = 200\n[grid]\nhidden = [\"600\"]\nseed = [3]", name: "b").runs[0]
        #expect(one.id == other.id)
        // A constant: another identifier would lose the runs of sweeps in progress.
        #expect(one.id == "mult-vae-600-50-seed3-90759828")
    }

    @Test("random values stay in their ranges, the same each time, whatever else is drawn") func drawsRandomValues() throws {
        let text = """
            [random]
            count = 40
            seed = 5
            learning-rate = { from = 1e-4, to = 1e-2, scale = "log" }
            latent = { from = 10, to = 12 }
            """
        let file = try SweepFile(text, name: "x")
        let again = try SweepFile(text + "\ndropout = [0.2, 0.4]", name: "x")
        #expect(values(file, "learning-rate", "latent") == values(again, "learning-rate", "latent"))
        let rates = file.runs.compactMap { Double($0.plan.options["learning-rate"] ?? "") }
        #expect(rates.count == 40 && rates.allSatisfy { (1e-4...1e-2).contains($0) })
        // Half of the draws fall below the middle on a logarithmic scale.
        #expect((10...30).contains(rates.filter { $0 < 1e-3 }.count))
        #expect(Set(values(file, "latent")) == ["10", "11", "12"] && Set(values(again, "dropout")) == ["0.2", "0.4"])
        #expect(try SweepFile(text.replacing("seed = 5", with: "seed = 6"), name: "x").runs.map(\.id) != file.runs.map(\.id))
    }

    @Test("presets come first, an own seed is kept, duplicates are dropped") func addsSingleRuns() throws {
        let file = try SweepFile(
            """
            seeds = [1, 2]
            [[runs]]
            latent = 30
            preset = "liang-dae"
            [[runs]]
            seed = 9
            [[runs]]
            seed = 9
            """, name: "x")
        #expect(
            values(file, "model", "hidden", "latent", "seed") == [
                "mult-dae none 30 1", "mult-dae none 30 2", "mult-vae 600 200 9",
            ])
    }

    @Test(
        "mistakes are named",
        arguments: [
            ("seeds = [1]", "no training"), ("[grid]\nlatnet = [1]", "latnet"), ("[[runs]]\nlatent = \"x\"", "latent"),
            ("sweep = 1", "sweep"), ("[grid]\nlatent = []", "latent"), ("[random]\nlatent = [1]", "count"),
            ("[random]\ncount = 1\nlatent = { from = 3, to = 2 }", "latent"),
            ("[[runs]]\n[halving]\nepochs = [3, 2]", "halving"), ("[[runs]]\n[halving]\nepochs = [1]\nkeep = 2", "keep"),
            ("[[runs]]\nanneal-cap = \"search\"\n[halving]\nepochs = [1]", "search"),
            ("metrics = [\"ndgc@3\"]\n[[runs]]", "ndgc"),
            ("name = 3 4", "expected TOML"),
            ("[random]\ncount = 1\nlatent = { from = -9e18, to = 9e18, scale = \"log\" }", "latent"),
        ])
    func mistakes(text: String, word: String) {
        let error = failure { try SweepFile(text, name: "x") }
        #expect(error?.description.contains(word) == true, "\(text): \(error?.description ?? "no error")")
    }

    @Test("errors in a file name the line") func namesTheLine() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("s.toml", "name = \"a\"\nseeds = [1\n[grid]\n")
        let error = failure { try SweepFile(contentsOf: path) }
        #expect(error?.file == path && (error?.line ?? 0) >= 2 && error?.kind == .badData)
        #expect(failure { try SweepFile(contentsOf: folder.path + "/none") }?.kind == .missingInput)
    }

    @Test("the shipped files can be read", arguments: [("small", 12), ("movielens-20m", 59), ("amazon-movies-tv", 33)])
    func readsShippedFiles(name: String, count: Int) throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        let file = try SweepFile(contentsOf: root.appending(path: "Experiments/\(name).toml").path(percentEncoded: false))
        #expect(file.runs.count == count)
        for run in file.runs { #expect(throws: Never.self) { try run.plan.trainer() } }
    }

    /// Every declared option can vary in a grid; runs that differ only in an option without effect are one.
    @Test(arguments: TrainingPlan.optionNames)
    func everyOptionIsAnAxis(_ name: String) throws {
        let option = try #require(TrainingPlan.sections.flatMap(\.options).first { $0.name == name })
        let sample = try #require(option.sample)
        var plan = TrainingPlan()
        try plan.set(name, to: sample)
        let file = try SweepFile("[grid]\n\(name) = [\"\(option.defaultText)\", \"\(sample)\"]", name: "s")
        #expect(file.runs.count == (plan.options == TrainingPlan().options ? 1 : 2))
        #expect(file.runs.first?.plan == TrainingPlan() && (file.runs.count == 1 || file.runs.last?.plan == plan))
    }

    /// A number is accepted or refused with the name of its option.
    @Test(arguments: hostileNumbers)
    func survivesAnyNumber(_ text: String) {
        for option in TrainingPlan.sections.flatMap(\.options) {
            do {
                _ = try SweepFile("[[runs]]\n\(option.name) = \"\(text)\"", name: "s")
            } catch let error as FoldinError {
                #expect(error.found.hasPrefix("\(option.name) "), "\(error)")
            } catch {
                Issue.record(error)
            }
        }
    }
}
#endif
