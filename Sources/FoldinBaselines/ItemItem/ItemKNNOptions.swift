import FoldinInteractions

extension ClosedFormFamily {
    /// Item-based nearest neighbours: `ItemKNN`.
    public static let itemKNN = ClosedFormFamily(
        ItemKNN.self, help: "item-based nearest neighbours", options: [neighbours, shrinkage],
        grid: [OptionAxis(neighbours, [20, 50, 100, 200]), OptionAxis(shrinkage, [0, 10, 100])],
        search: [OptionAxis(neighbours, [20, 50, 100, 200, 400]), OptionAxis(shrinkage, [0, 10, 30, 100])]
    ) { values in
        ItemKNN(neighbours: values[neighbours], shrinkage: values[shrinkage])
    }

    private static let neighbours = TrainingOption(
        "neighbours", default: 100, in: 1...1_000_000_000, placeholder: "n", "Nearest neighbours of each item that count.")
    private static let shrinkage = TrainingOption(
        "shrinkage", default: 10.0, in: 0...1e30, "Reduces similarities that few users support.")
}
