import FoldinInteractions
import FoldinSupport
import FoldinTestSupport
import FoldinTraining
import Foundation
import Testing

@testable import FoldinConfiguration

@Suite("Options from TOML files") struct OptionsFileTests {
    static func read(_ text: String) throws -> (file: OptionsFile, plan: TrainingPlan) {
        let folder = try TemporaryFolder()
        let file = try OptionsFile(contentsOf: try folder.write("o.toml", text))
        var plan = TrainingPlan()
        try file.apply(to: &plan)
        return (file, plan)
    }

    @Test func readsTextsNumbersAndLists() throws {
        let (file, plan) = try Self.read(
            """
            # Ours.
            preset = "liang-dae"
            model = 'mult-dae'

            hidden = [600, 300]  # two
            decoder-hidden = []
            "encoder-dropout" = [0.5, 0.25, 0]
              learning-rate=5e-4
            seed = 7
            anneal-epochs = "50%"
            """)
        #expect(file.preset == "liang-dae" && file.settings.map(\.line) == [3, 5, 6, 7, 8, 9, 10])
        let expected = [
            "model": "mult-dae", "hidden": "600,300", "decoder-hidden": "none", "encoder-dropout": "0.5,0.25,0",
            "learning-rate": "0.0005", "seed": "7", "anneal-epochs": "50%",
        ]
        for (name, value) in expected { #expect(plan.options[name] == value, "\(name)") }
        // The file's own settings only: the caller applies the preset.
        #expect(plan.options["weight-decay"] == "0")
        #expect(try Self.read("").plan == TrainingPlan())
    }

    @Test(arguments: [
        ("latent = 8\n\nlatnt = 9", 3, "\"latnt\"", "latent"), ("latent = 2.5", 1, "latent \"2.5\"", "a whole number"),
        ("\nlatent = true", 2, "latent as a bool", "a text, a number"),
        ("latent = 2024-01-01", 1, "latent as a date", "a number"),
        ("a = 1\n[network]\nlatent = 3", 2, "network as a table", "a number"),
        ("hidden = [[1]]", 1, "hidden as an array", "a list"),
        ("latent = 8\nlatent = 9", 2, "text that is not TOML", "latent = 200"),
        ("latent 8", 1, "text that is not TOML", "latent = 200"),
        ("hidden = [600, \"a\"]", 1, "hidden \"600,a\"", "numbers separated by commas"),
        ("learning-rate = nan", 1, "learning-rate \"nan\"", "a number"),
    ])
    func refuses(text: String, line: Int, found: String, expected: String) {
        let error = #expect(throws: FoldinError.self) { try Self.read(text) }
        #expect(error?.kind == .badData && error?.line == line && error?.file?.hasSuffix("o.toml") == true, "\(error!)")
        #expect(error?.found.contains(found) == true && error?.expected.contains(expected) == true, "\(error!)")
    }

    @Test func refusesMissingAndUnreadableFiles() throws {
        let missing = #expect(throws: FoldinError.self) { try OptionsFile(contentsOf: "/nowhere/o.toml") }
        #expect(missing?.kind == .missingInput)
        let folder = try TemporaryFolder()
        try Data([0xFF, 0xFE, 0x00]).write(to: URL(filePath: folder.path + "/bytes"))
        let bytes = #expect(throws: FoldinError.self) { try OptionsFile(contentsOf: folder.path + "/bytes") }
        #expect(bytes?.kind == .badData)
    }

    /// Every declared option is a key, as text and, where it is a number, as a number.
    @Test(arguments: TrainingPlan.optionNames)
    func everyOptionIsAKey(_ name: String) throws {
        let option = try #require(TrainingPlan.sections.flatMap(\.options).first { $0.name == name })
        let sample = try #require(option.sample)
        var expected = TrainingPlan()
        try expected.set(name, to: sample)
        #expect(expected != TrainingPlan())
        #expect(try Self.read("\(name) = \"\(sample)\"").plan == expected)
        if Int(sample) != nil { #expect(try Self.read("\(name) = \(sample)").plan == expected) }
        #expect(throws: FoldinError.self) { try Self.read("\(name) = true") }
    }

    /// A file that a run wrote gives the same options.
    @Test(arguments: TrainingPreset.all.map(\.name) + ["none"])
    func readsWhatARunWrites(preset: String) throws {
        var plan = TrainingPlan()
        if preset != "none" { try plan.apply(preset: preset) }
        for (name, value) in [("hidden", "none"), ("adam-epsilon", "1e-07"), ("seed", "18446744073709551615")] {
            try plan.set(name, to: value)
        }
        let folder = try TemporaryFolder()
        let run = try RunDirectory(creating: folder.path + "/run", options: plan.options)
        var again = TrainingPlan()
        try again.set("epochs", to: "1")
        try OptionsFile(contentsOf: run.optionsPath).apply(to: &again)
        #expect(again.options == plan.options)
    }
}
