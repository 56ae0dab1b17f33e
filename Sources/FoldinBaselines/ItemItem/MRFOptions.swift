import FoldinInteractions

extension ClosedFormFamily {
    /// A sparse Markov random field (Steck 2019b): `MRF`.
    public static let mrf = ClosedFormFamily(
        MRF.self, help: "sparse linear model in closed form, for large catalogues (Steck 2019)",
        options: [neighbours, dropout, lambda, userPower, itemPower],
        grid: [OptionAxis(dropout, [0.5, 0.65, 0.8]), OptionAxis(userPower, [0, 0.3, 0.6])]
    ) { values in
        MRF(
            neighbours: values[neighbours], dropout: values[dropout], lambda: values[lambda], userPower: values[userPower],
            itemPower: values[itemPower])
    }

    private static let neighbours = TrainingOption(
        "neighbours", default: 200, in: 1...10_000, placeholder: "n", "Other items that an item is predicted from.")
    private static let dropout = TrainingOption("dropout", default: 0.65, in: 0...0.999, "Probability of dropping a click.")
    private static let lambda = TrainingOption("lambda", default: 20.0, in: 0...1e30, "Penalty of the squared weights.")
    private static let userPower = TrainingOption(
        "user-power", default: 0.3, in: 0...2, "A user with n clicks counts 1/n^power times; for sparse data 0.3 to 0.8.")
    private static let itemPower = TrainingOption(
        "item-power", default: 0.2, in: 0...2, "The weight from i to j is multiplied by (clicks of i / clicks of j)^power.")
}
