import FoldinInteractions

extension ClosedFormFamily {
    /// A polynomial filter of the graph of users and items (Kim et al. 2025): `ChebyCF`.
    public static let chebyCF = ClosedFormFamily(
        ChebyCF.self, help: "polynomial filter of the graph of users and items (Kim et al. 2025)",
        options: [degree, flatness, directions, projectionWeight, popularityPower],
        grid: [OptionAxis(projectionWeight, [0.1, 0.3]), OptionAxis(popularityPower, [0.3, 0.4, 0.5])],
        search: [
            OptionAxis(popularityPower, [0, 0.1, 0.2, 0.3, 0.4, 0.5]), OptionAxis(projectionWeight, [0, 0.05, 0.1, 0.2, 0.4]),
            OptionAxis(flatness, [0.5, 1, 1.5, 2, 3]),
        ]
    ) { values in
        ChebyCF(
            degree: values[degree], flatness: values[flatness], directions: values[directions],
            projectionWeight: values[projectionWeight], popularityPower: values[popularityPower])
    }

    private static let degree = TrainingOption(
        "degree", default: 8, in: 1...1000, placeholder: "n", "Degree of the polynomial; scoring takes time in proportion.")
    private static let flatness = TrainingOption(
        "flatness", default: 1.5, in: 0.001...1000, "Exponent of the filter: the larger, the less the weak directions count.")
    private static let directions = TrainingOption(
        "directions", default: 512, in: 0...1_000_000, placeholder: "n", "Strongest singular vectors that count more; 0 for none."
    )
    private static let projectionWeight = TrainingOption(
        "projection-weight", default: 0.1, in: 0...1_000_000, "Weight of those singular vectors.")
    private static let popularityPower = TrainingOption(
        "popularity-power", default: 0.3, in: 0...16, "A score is multiplied by the item's clicks to this power.")
}
