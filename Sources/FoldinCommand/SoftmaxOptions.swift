import ArgumentParser
import Foldin

/// The options that say how the softmax over the items is trained.
struct SoftmaxOptions: ParsableArguments {
    enum Kind: String, CaseIterable, ExpressibleByArgument {
        case exact
        case sampled
    }

    @Option(help: "The softmax over the items: exact, or estimated from a sample, for catalogues of 100,000 items and more.")
    var softmax: Kind = .exact
    @Option(
        help: ArgumentHelp(
            "Draws of items that nobody in a batch clicked, with --softmax sampled. (default: \(Softmax.defaultNegatives))",
            valueName: "n"))
    var negatives: Int?

    func validate() throws {
        if softmax == .exact, negatives != nil {
            throw ValidationError("--negatives: found it without --softmax sampled; expected both or neither")
        }
        if let problem = kind.problem { throw ValidationError("--negatives: found \(problem)") }
    }

    var kind: Softmax {
        switch softmax {
        case .exact: .exact
        case .sampled: .sampled(negatives: negatives ?? Softmax.defaultNegatives)
        }
    }
}
