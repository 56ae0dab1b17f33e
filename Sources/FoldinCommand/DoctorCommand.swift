import ArgumentParser
import Foldin
import FoldinKernels
import Foundation

/// `foldin doctor`: the properties of this machine, and whether a dataset fits in its memory.
struct DoctorCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Show this machine's processor and memory and how much memory a dataset would need.",
        discussion: """
            The memory is for training the default network: weights and Adam's two moments, the scores of one batch and of a block of \
            validation users, interactions and ids. Without DIR and --items only the machine is shown.
            """)

    @Argument(help: ArgumentHelp("A prepared directory.", valueName: "dir"), completion: .directory)
    var directory: String?
    @Option(help: ArgumentHelp("The number of users of a dataset that does not exist yet.", valueName: "n"))
    var users: Int?
    @Option(help: ArgumentHelp("Its number of items.", valueName: "n"))
    var items: Int?
    @Option(help: ArgumentHelp("Its mean number of interactions per user.", valueName: "n"))
    var meanInteractions: Double?
    @Option(help: ArgumentHelp("Size of the hidden layers.", valueName: "n"))
    var hidden = 600
    @Option(help: ArgumentHelp("Size of the latent layer.", valueName: "n"))
    var latent = 200
    @Option(help: ArgumentHelp("Users per batch.", valueName: "n"))
    var batch = 500
    @OptionGroup var computing: ComputeOptions
    @Flag(help: "Print one JSON document.")
    var json = false

    func validate() throws {
        let counts = [
            ("--users", users), ("--items", items), ("--hidden", hidden), ("--latent", latent), ("--batch", batch),
        ]
        for (name, count) in counts {
            if let count, count < 1 { throw ValidationError("\(name): found \(count); expected at least 1") }
        }
        if let mean = meanInteractions, !(mean >= 0 && mean.isFinite) {
            throw ValidationError("--mean-interactions: found \(mean); expected a number from 0")
        }
        let given = [users != nil, items != nil, meanInteractions != nil].filter { $0 }.count
        if directory != nil, given > 0 {
            throw ValidationError("found a directory and a shape; expected either DIR or --users, --items, --mean-interactions")
        }
        if given != 0, given != 3 {
            throw ValidationError("found an incomplete shape; expected --users, --items and --mean-interactions together")
        }
    }

    func run() throws {
        var plan = TrainingPlan()
        try computing.applyAll(to: &plan)
        let softmax = try plan.trainer().softmax
        let memory = try shape().map { shape in
            guard let memory = TrainingMemory(dataset: shape, hidden: hidden, latent: latent, batch: batch, softmax: softmax)
            else {
                throw FoldinError(.usage, found: "sizes beyond any machine's memory", expected: "sizes of a real dataset")
            }
            return memory
        }
        let machine = Machine()
        let warnings = machine.warnings(for: memory)
        if json {
            try Console.json(Report(machine: machine, memory: memory, warnings: warnings))
        } else {
            try Console.result(text(machine, memory, warnings))
        }
    }

    private struct Report: Encodable {
        let machine: Machine
        let memory: TrainingMemory?
        let warnings: [String]
    }

    private func shape() throws -> TrainingMemory.Shape? {
        if let directory { return try TrainingMemory.Shape(preparedDirectory: directory) }
        guard let users, let items, let meanInteractions else { return nil }
        guard let interactions = Int(exactly: (Double(users) * meanInteractions).rounded()) else {
            throw FoldinError(.usage, found: "more interactions than can be counted", expected: "sizes of a real dataset")
        }
        return TrainingMemory.Shape(users: users, items: items, interactions: interactions)
    }

    private func text(_ machine: Machine, _ memory: TrainingMemory?, _ warnings: [String]) -> String {
        var rows = [
            ("processor", machine.processor ?? "unknown"),
            ("instructions", machine.features.map { "\($0.name) \($0.present ? "yes" : "no")" }.joined(separator: ", ")),
            ("threads", "\(machine.availableProcessors) of \(machine.processors) processors"),
            ("matrix products", machine.matrixLibrary),
            ("", String(format: "%.0f GFLOP/s on one thread", machine.gigaflops)),
            ("training in", machine.precisions.map(\.rawValue).joined(separator: ", ")),
            (
                "memory",
                machine.memoryBytes.formattedBytes
                    + (machine.availableMemoryBytes.map { ", \($0.formattedBytes) available" } ?? "")
            ),
            ("huge pages", machine.hugePages ?? "unknown"),
        ]
        if let memory {
            let shape = memory.dataset
            rows += [
                ("", ""),
                ("dataset", "\(shape.users) users, \(shape.items) items, \(shape.interactions) interactions"),
                (
                    "model",
                    "\(NetworkFamily.all[0].title), hidden \(memory.hidden ?? 0), latent \(memory.latent ?? 0), batches of \(memory.batch)"
                ),
                ("weights and Adam", memory.parameterBytes.formattedBytes),
                ("scores of a batch", memory.scoreBytes.formattedBytes),
                ("validation", memory.evaluationBytes.formattedBytes),
                ("interactions", memory.interactionBytes.formattedBytes),
                ("ids", memory.nameBytes.formattedBytes),
                ("training needs", memory.totalBytes.formattedBytes),
            ]
        }
        let width = rows.map(\.0.count).max() ?? 0
        var lines = rows.map { name, value in
            value.isEmpty ? "" : name.padding(toLength: width, withPad: " ", startingAt: 0) + "  " + value
        }
        lines += [""] + (warnings.isEmpty ? ["No problems found."] : warnings.map { "warning: \($0)" })
        return lines.joined(separator: "\n")
    }
}
