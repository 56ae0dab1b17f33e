import FoldinInteractions
import FoldinSupport
import FoldinTestSupport

@testable import FoldinModels

extension TrainedModel {
    /// A model with its items: "i0", "i1" and so on, every other one titled.
    static func complete(_ model: any Model) -> TrainedModel {
        TrainedModel(
            model, items: Vocabulary((0..<model.itemCount).map { "i\($0)" }),
            titles: (0..<model.itemCount).map { $0 % 2 == 0 ? "The \"\($0)\", né 映画" : nil },
            clicks: (0..<model.itemCount).map { $0 * 7 % 5 },
            card: ModelCard(options: ["seed": "3"], metrics: ["validation ndcg@100": 0.25], dataChecksum: "00ff"))
    }

    /// The same of initial weights.
    static func fresh(_ architecture: Architecture) -> TrainedModel { complete(Autoencoder(initializing: architecture, seed: 3)) }
}

/// The `FoldinError` that `body` throws, or nil if it throws none; other errors pass.
func foldinError(_ body: () throws -> Void) throws -> FoldinError? {
    do {
        try body()
        return nil
    } catch let error as FoldinError {
        return error
    }
}
