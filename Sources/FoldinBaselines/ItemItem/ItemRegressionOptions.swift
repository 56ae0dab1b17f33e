import FoldinInteractions

extension ClosedFormFamily {
    /// EASE^R (Steck 2019): `EASE`.
    public static let ease = ClosedFormFamily(
        EASE.self, help: "linear model of all items in closed form (Steck 2019)", options: [easeLambda, keep],
        grid: [OptionAxis(easeLambda, [50, 100, 200, 500, 1000])],
        // EDLAE without dropout is EASE.
        starts: []
    ) { values in
        EASE(lambda: values[easeLambda], keep: values[keep] == 0 ? nil : values[keep])
    }

    /// EDLAE (Steck 2020): `EDLAE`.
    public static let edlae = ClosedFormFamily(
        EDLAE.self, help: "denoising linear autoencoder in closed form (Steck 2020)",
        options: [dropout, edlaeLambda, userPower, itemPower, relaxation, keep],
        grid: [OptionAxis(dropout, [0.2, 0.35, 0.5, 0.65]), OptionAxis(edlaeLambda, [30, 100, 300])],
        starts: [
            SearchStart(.dense, ["dropout": "0.35", "lambda": "300"], smaller: ["keep": "1000"]),
            SearchStart(
                .sparse, ["dropout": "0.65", "lambda": "0", "user-power": "0.75", "item-power": "0.2"], smaller: ["keep": "1000"]),
        ],
        search: [
            OptionAxis(userPower, [0, 0.25, 0.5, 0.75, 1]), OptionAxis(dropout, [0.2, 0.35, 0.5, 0.65, 0.8]),
            OptionAxis(edlaeLambda, [0, 1, 3, 10, 30, 100, 300, 1000]),
        ],
        freeAxes: [OptionAxis(itemPower, [0, 0.1, 0.2, 0.3, 0.4, 0.5]), OptionAxis(relaxation, [0, 0.1, 0.2, 0.4])]
    ) { values in
        EDLAE(
            dropout: values[dropout], lambda: values[edlaeLambda], userPower: values[userPower], itemPower: values[itemPower],
            relaxation: values[relaxation], keep: values[keep] == 0 ? nil : values[keep])
    }

    private static let easeLambda = lambda(default: 500)
    private static let edlaeLambda = lambda(default: 300)

    private static func lambda(default standard: Double) -> TrainingOption<Double> {
        TrainingOption("lambda", default: standard, in: 0...1e30, "Penalty of the squared weights.")
    }

    private static let dropout = TrainingOption("dropout", default: 0.5, in: 0...0.999, "Probability of dropping a click.")
    private static let userPower = TrainingOption(
        "user-power", default: 0.0, in: 0...2, "A user with n clicks counts 1/n^power times; for sparse data 0.5 to 1.")
    private static let itemPower = TrainingOption(
        "item-power", default: 0.0, in: 0...2, "The weight from i to j is multiplied by (clicks of i / clicks of j)^power.")
    private static let relaxation = TrainingOption(
        "relaxation", default: 0.0, in: 0...0.999, "How far the weight of an item to itself may be from 0.")
    private static let keep = TrainingOption(
        "keep", default: 0, in: 0...1_000_000_000, placeholder: "n",
        "Weights that each item keeps, those of largest magnitude; 0 keeps all.")
}
