import ArgumentParser
import Foldin

/// The options that say which network to build.
struct NetworkOptions: PlanFlags {
    @Option(help: .plan("model", more: " Or a baseline: \(BaselinePlan.Model.allCases.map(\.rawValue).joined(separator: ", "))."))
    var model: String?
    @Option(help: .plan("latent")) var latent: String?
    @Option(help: .plan("hidden", "n,n,…")) var hidden: String?
    @Option(help: .plan("decoder-hidden", "n,n,…")) var decoderHidden: String?
    @Option(help: .plan("dropout", more: " For edlae: \(BaselinePlan.help(for: "dropout"))")) var dropout: String?
    @Option(help: .plan("encoder-dropout", "p,p,…")) var encoderDropout: String?
    @Option(help: .plan("decoder-dropout", "p,p,…")) var decoderDropout: String?
    @Option(help: .plan("activations")) var activations: String?
    @Option(help: .plan("gamma", "x")) var gamma: String?
}

/// Flags whose names, defaults and values are those of `TrainingPlan`.
protocol PlanFlags: ParsableArguments {}

extension Architecture.Activations: ExpressibleByArgument {}

extension PlanFlags {
    /// The flags that were given, by the plan's names: `--batch-size` is the property `batchSize`.
    var given: [(name: String, value: String)] {
        Mirror(reflecting: self).children.compactMap { child in
            guard let label = child.label, let flag = child.value as? Option<String?>, let value = flag.wrappedValue else {
                return nil
            }
            let words = label.drop { $0 == "_" }.map { $0.isUppercase ? "-" + $0.lowercased() : String($0) }
            return (words.joined(), value)
        }
    }

    /// Sets the flags that were given.
    func apply(to plan: inout TrainingPlan) throws {
        for (name, value) in given {
            do {
                try plan.set(name, to: value)
            } catch let error as FoldinError {
                throw FoldinError(error.kind, found: "--" + error.found, expected: error.expected)
            }
        }
    }
}

extension ArgumentHelp {
    /// What the plan says of an option, with its default.
    static func plan(_ name: String, _ valueName: String? = nil, more: String = "") -> ArgumentHelp {
        let standard = TrainingPlan().options[name] ?? ""
        return ArgumentHelp("\(TrainingPlan.help(for: name)) (default: \(standard))\(more)", valueName: valueName)
    }
}
