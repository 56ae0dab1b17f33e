import ArgumentParser
import Foldin

extension Precision: ExpressibleByArgument {}

/// The options that say how a training step computes.
struct ComputeOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "What the last layer multiplies: fp32, or bf16 where the processor has it.",
            discussion: "Weights, moments and sums are of single precision either way; foldin doctor says whether bf16 is there.")
    )
    var precision: Precision = .float32
}
