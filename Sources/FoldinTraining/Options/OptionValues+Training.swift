import FoldinEvaluation
import FoldinInteractions
import FoldinModels

// The types of value that options of a training have beside numbers, lists and texts of one case.

extension Metric: OptionValue {
    /// What a metric's name looks like.
    public static var optionSyntax: String { "a metric such as ndcg@100" }
    /// Reads a metric's name.
    public init?(optionText: String) {
        guard let metric = try? Metric(named: optionText) else { return nil }
        self = metric
    }
    /// The metric's name.
    public var optionText: String { description }
}

extension Architecture.Activations: OptionValue {}
extension Schedule.Score: OptionValue {}
extension Precision: OptionValue {}

/// The cases of `Schedule.Pace` by name.
enum PaceName: String, CaseIterable, OptionValue { case constant, plateau, linear, cosine }

/// The two kinds of weight decay.
enum DecayName: String, CaseIterable, OptionValue { case adamw, l2 }

/// How beta grows.
enum AnnealName: String, CaseIterable, OptionValue { case linear, constant }

/// The cases of `Softmax` by name.
enum SoftmaxName: String, CaseIterable, OptionValue { case exact, sampled }

/// The largest beta, or that a search is to find it.
enum AnnealCap: OptionValue {
    case beta(Float)
    case search

    static var optionSyntax: String { "a number, or search" }

    init?(optionText: String) {
        if optionText == "search" {
            self = .search
            return
        }
        guard let beta = Float(optionText: optionText) else { return nil }
        self = .beta(beta)
    }

    var optionText: String {
        switch self {
        case .beta(let beta): beta.optionText
        case .search: "search"
        }
    }
}

/// A length of time in epochs: `40`, or `85%` of all of them.
enum EpochSpan: OptionValue {
    case epochs(Int)
    case fraction(Double)

    static var optionSyntax: String { "a whole number of epochs, or a percentage of them such as 85%" }

    init?(optionText: String) {
        guard optionText.hasSuffix("%") else {
            guard let epochs = Int(optionText) else { return nil }
            self = .epochs(epochs)
            return
        }
        guard let percent = Double(optionText: String(optionText.dropLast())) else { return nil }
        self = .fraction(percent / 100)
    }

    var optionText: String {
        switch self {
        case .epochs(let epochs): return epochs.optionText
        case .fraction(let fraction):
            // Two decimals of a percent are enough for most; other fractions keep all their digits.
            let hundredths = (fraction * 1e4).rounded()
            return (hundredths / 1e4 == fraction ? hundredths / 100 : fraction * 100).optionText + "%"
        }
    }
}

extension NetworkFamily: OptionValue {
    /// The names of the families.
    public static var optionSyntax: String { all.map(\.name).joined(separator: " or ") }
    /// The family of this name; nil if there is none.
    public init?(optionText: String) { self.init(named: optionText) }
    /// The family's name.
    public var optionText: String { name }
    /// Whether both have the same name, which is unique.
    public static func == (first: NetworkFamily, second: NetworkFamily) -> Bool { first.name == second.name }
}
