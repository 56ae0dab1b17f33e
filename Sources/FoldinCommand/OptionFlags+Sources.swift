import ArgumentParser
import Foldin

/// The flags that describe the network.
typealias NetworkOptions = OptionFlags<NetworkFlags>
/// The flags that say how long and how fast to train.
typealias ScheduleOptions = OptionFlags<ScheduleFlags>
/// The flags that say how a training step computes.
typealias ComputeOptions = OptionFlags<ComputeFlags>
/// The flags that only closed-form models have.
typealias BaselineOptions = OptionFlags<BaselineFlags>

enum NetworkFlags: FlagSource {
    static let flags = TrainingPlan.sections[0].options.map { option in
        option.name == "model" ? OptionFlag(model: option) : OptionFlag(option)
    }
}

enum ScheduleFlags: FlagSource {
    static let flags = TrainingPlan.sections[1].options.map { OptionFlag($0) }
}

enum ComputeFlags: FlagSource {
    static let flags = TrainingPlan.sections[2].options.map { OptionFlag($0) }
}

enum BaselineFlags: FlagSource {
    static let flags: [OptionFlag] = {
        var names = Set(TrainingPlan.optionNames)
        return ClosedFormFamily.all.flatMap(\.options).filter { names.insert($0.name).inserted }.map {
            OptionFlag(closedForm: $0)
        }
    }()
}

extension ComputeOptions {
    /// Sets the options whose flags were given.
    ///
    /// - Throws: `FoldinError` of kind `usage` also for a number of negatives with an exact softmax.
    func applyAll(to plan: inout TrainingPlan) throws {
        try apply(to: &plan)
        if let negatives = given.first(where: { $0.name == "negatives" }), plan.options["softmax"] == "exact" {
            throw FoldinError(
                .usage, found: "--negatives \(negatives.value) with an exact softmax", expected: "--softmax sampled with it")
        }
    }
}

extension Architecture.Activations: ExpressibleByArgument {}
