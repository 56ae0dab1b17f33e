import FoldinInteractions
import FoldinKernels
import FoldinModels
import FoldinSupport
import FoldinTestSupport
import Testing

@testable import FoldinTraining

/// What holds for every declared option: nothing here names one, so that a new declaration is tested without a change.
@Suite("Option table") struct OptionTableTests {
    static let names = TrainingPlan.optionNames

    private func option(_ name: String) throws -> any OptionDeclaration {
        try #require(TrainingPlan.declarations.first { $0.name == name })
    }

    @Test func namesAreUniqueAndEveryStoredDeclarationIsInTheTable() {
        #expect(Set(Self.names).count == Self.names.count)
        let shared = TrainingOptions.shared
        for group in [shared.network, shared.optimizer, shared.annealing, shared.evaluation, shared.computing]
            as [any OptionGroup]
        {
            #expect(group.declarations.count == Mirror(reflecting: group).children.count)
            for option in group.declarations { #expect(Self.names.contains(option.name)) }
        }
    }

    @Test(arguments: names)
    func isSetAndWrittenAndReset(_ name: String) throws {
        let option = try option(name)
        let sample = try #require(option.sample)
        var plan = TrainingPlan()
        try plan.set(name, to: sample)
        #expect(plan != TrainingPlan() && option.text(in: plan.values) == sample)
        #expect(TrainingPlan.toml([name: sample]).hasPrefix("\(name) = "))
        option.reset(in: &plan.values)
        if let other = option.alternative { try self.option(other).reset(in: &plan.values) }
        #expect(plan == TrainingPlan())
        try plan.set(name, to: option.defaultText)
        #expect(plan == TrainingPlan() && !option.help.isEmpty && !option.syntax.isEmpty)
    }

    /// The canonical form changes nothing that the trainer sees, and is stable.
    @Test(arguments: names)
    func canonicalFormIsStable(_ name: String) throws {
        var plan = TrainingPlan()
        try plan.set(name, to: try #require(option(name).sample))
        #expect(plan.canonical.canonical == plan.canonical)
        guard let trainer = try? plan.trainer() else { return }
        #expect(try trainer.options == plan.options && plan.canonical.trainer().options == plan.options)
    }

    /// A number is accepted or refused with a usage error, whatever it is; what is accepted survives the computations of a schedule.
    @Test(arguments: names)
    func survivesAnyNumber(_ name: String) throws {
        for family in NetworkFamily.all {
            for text in hostileNumbers {
                var plan = TrainingPlan()
                plan[\.network.model] = family
                plan[\.optimizer.pace] = .plateau
                plan[\.computing.softmax] = .sampled
                for option in family.foreignOptions { option.reset(in: &plan.values) }
                do {
                    try plan.set(name, to: text)
                    _ = plan.options
                    let trainer = try plan.trainer(workers: Workers(count: 1))
                    #expect(trainer.options == plan.options)
                    let dataset = Checkerboard.dataset()
                    _ = trainer.note(users: Int(Int32.max))
                    let (schedule, updates) = (trainer.schedule, trainer.schedule.updatesPerEpoch(users: Int(Int32.max)))
                    _ = schedule.learningRate(after: 7, updatesPerEpoch: updates, plateau: PlateauState())
                    _ = schedule.beta(after: 7, updatesPerEpoch: updates)
                    _ = schedule.retraining(to: 0.5, updatesPerEpoch: updates)
                    try TrainingMemory.check(trainer, on: dataset)
                    _ = try trainer.outline(for: dataset)
                } catch let error as FoldinError {
                    #expect(error.kind == .usage, "\(name) \(text): \(error)")
                }
            }
        }
    }

    /// A network of a caller's own is trained with the schedule's options, and says which family it is.
    @Test func familiesThatAreNotRegisteredHaveTheSharedOptions() throws {
        let trainer = Trainer(Unregistered(), schedule: Schedule(epochs: 3))
        #expect(trainer.options["model"] == "unregistered" && trainer.options["epochs"] == "3")
        let network = TrainingOptions.shared.network.declarations.map(\.name)
        #expect(Set(trainer.options.keys).isDisjoint(with: Set(network).union(["gamma"]).subtracting(["model"])))
        #expect(trainer.note(users: 9) == nil)
    }

    /// Delegates to a small Mult-DAE.
    private struct Unregistered: ModelConfiguration {
        let network = MultDAE(latent: 2, hidden: [])
        var family: String { "unregistered" }
        var usesBeta: Bool { false }
        func outline(items: Int) -> NetworkOutline { network.outline(items: items) }
        func validationError(with trainer: Trainer) -> String? { nil }
        func makeSession(_ setup: SessionSetup) -> any TrainingSession { network.makeSession(setup) }
        func memory(for dataset: TrainingMemory.Shape, batch: Int, softmax: Softmax) -> SessionMemory {
            network.memory(for: dataset, batch: batch, softmax: softmax)
        }
    }

    @Test func onlyFamiliesTakeTheirOwnOptions() throws {
        for family in NetworkFamily.all {
            #expect(!family.title.isEmpty && !family.help.isEmpty && NetworkFamily(named: family.name) == family)
            for option in family.foreignOptions {
                var plan = TrainingPlan()
                plan[\.network.model] = family
                #expect(option.set(try #require(option.sample), in: &plan.values))
                let error = #expect(throws: FoldinError.self) { try plan.trainer() }
                #expect(error?.kind == .usage && error?.found.contains("\(option.name) ") == true)
            }
            if let preset = family.comparisonPreset { #expect(family.presets.contains { $0.name == preset }) }
            for preset in family.presets { #expect(preset.options["model"] == family.name) }
        }
    }
}

/// Options declared here, for the mechanism alone.
@Suite("Option declarations") struct OptionDeclarationTests {
    private static let count = TrainingOption("count", default: 3, in: 1...9, "A count.")
    private static let share = TrainingOption<Double?>("share", default: nil, "A share.", where: { $0[count] > 5 })
    private static let widths = TrainingOption("widths", default: [2, 1], "Widths.")
    private static let all: [any OptionDeclaration] = [count, share, widths]

    @Test func readsAndWritesText() {
        var values = OptionValues()
        #expect(Self.all.map { $0.text(in: values) } == ["3", "auto", "2,1"])
        #expect(Self.all.map(\.defaultText) == ["3", "auto", "2,1"])
        #expect(Self.all.map(\.syntax).first == "a whole number from 1 to 9")
        for (option, text) in zip(Self.all, ["9", "0.5", "none"]) {
            #expect(option.set(text, in: &values) && option.text(in: values) == text)
        }
        #expect(values[Self.count] == 9 && values[Self.share] == 0.5 && values[Self.widths] == [])
        let before = values
        for (option, text) in [(Self.all[0], "0"), (Self.all[0], "10"), (Self.all[1], "x"), (Self.all[2], "1,,2")] {
            #expect(!option.set(text, in: &values))
        }
        #expect(values == before && values != OptionValues())
        #expect(Self.all[1].set("auto", in: &values) && values[Self.share] == nil)
        for option in Self.all { option.reset(in: &values) }
        #expect(values == OptionValues())
    }

    @Test func resetsWhatHasNoEffect() {
        var values = OptionValues()
        values[Self.share] = 0.5
        values[Self.count] = 6
        Self.all.resetIneffectiveOptions(in: &values)
        #expect(values[Self.share] == 0.5)
        values[Self.count] = 5
        Self.all.resetIneffectiveOptions(in: &values)
        #expect(values[Self.share] == nil && values[Self.count] == 5)
    }

    @Test func aNilIsAValueOfItsOwn() {
        let length = TrainingOption<Int?>("length", default: 4, "A length.")
        var values = OptionValues()
        #expect(values[length] == 4)
        values[length] = nil
        #expect(values[length] == nil && values != OptionValues() && length.text(in: values) == "auto")
        values[length] = 4
        #expect(values == OptionValues())
    }
}
