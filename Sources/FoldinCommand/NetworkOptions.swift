import ArgumentParser
import Foldin

extension Architecture.Family: ExpressibleByArgument {}
extension Architecture.Activations: ExpressibleByArgument {}

/// The options that say which network to build.
struct NetworkOptions: ParsableArguments {
    @Option(help: "The model.") var model: Architecture.Family = .multVAE
    @Option(help: "Width of the latent vector.") var latent = 200
    @Option(
        help: ArgumentHelp(
            "Widths of the encoder's hidden layers, items inwards; 'none' for no hidden layer.", valueName: "n,n,…"))
    var hidden: NumberList<Int> = NumberList([600])
    @Option(
        help: ArgumentHelp(
            "Widths of the decoder's hidden layers, latent outwards. (default: the encoder's, mirrored)", valueName: "n,n,…"))
    var decoderHidden: NumberList<Int>?
    @Option(help: "Dropout probability of the input.") var dropout: Float = 0.5
    @Option(
        help: ArgumentHelp(
            "Dropout probability before each encoder layer, instead of --dropout. (default: --dropout, then zeros)",
            valueName: "p,p,…"))
    var encoderDropout: NumberList<Float>?
    @Option(help: ArgumentHelp("Dropout probability before each decoder layer. (default: zeros)", valueName: "p,p,…"))
    var decoderDropout: NumberList<Float>?
    @Option(help: "Where tanh goes: as in the paper, or as in the article's code.")
    var activations: Architecture.Activations = .paper

    var configuration: any ModelConfiguration {
        switch model {
        case .multVAE:
            MultVAE(
                latent: latent, hidden: hidden.values, decoder: decoderHidden?.values, dropout: dropout,
                encoderDropout: encoderDropout?.values, decoderDropout: decoderDropout?.values, activations: activations)
        case .multDAE:
            MultDAE(
                latent: latent, hidden: hidden.values, decoder: decoderHidden?.values, dropout: dropout,
                encoderDropout: encoderDropout?.values, decoderDropout: decoderDropout?.values, activations: activations)
        }
    }
}

/// Numbers separated by commas; `none` for an empty list.
struct NumberList<Number: LosslessStringConvertible & Sendable>: ExpressibleByArgument, Sendable {
    let values: [Number]

    init(_ values: [Number]) { self.values = values }

    init?(argument: String) {
        if argument == "none" {
            values = []
            return
        }
        let parts = argument.split(separator: ",", omittingEmptySubsequences: false)
        let numbers = parts.compactMap { Number($0.trimmingCharacters(in: .whitespaces)) }
        guard numbers.count == parts.count else { return nil }
        values = numbers
    }

    var defaultValueDescription: String { values.isEmpty ? "none" : values.map(\.description).joined(separator: ",") }
}
