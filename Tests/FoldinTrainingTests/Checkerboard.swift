import FoldinEvaluation
import FoldinInteractions
import FoldinKernels
import FoldinModels
import FoldinTestSupport
import Foundation

@testable import FoldinTraining

/// Two groups of people and two of items: everybody clicks items of the own group only. Any model must learn it.
enum Checkerboard {
    static let itemCount = 24

    /// Even users click even items, odd users odd ones.
    static func dataset(trainingUsers: Int = 50, validationUsers: Int = 8) -> PreparedDataset {
        .twoGroups(trainingUsers: trainingUsers, validationUsers: validationUsers)
    }

    static func trainer(
        _ model: Model = .all[0], epochs: Int = 25, learningRate: Float = 0.01, patience: Int? = nil, batchSize: Int = 20,
        seed: UInt64 = 1, threads: Int = 2, precision: Precision = .float32, softmax: Softmax = .exact
    ) -> Trainer {
        Trainer(
            model.configuration,
            schedule: Schedule(
                epochs: epochs, batchSize: batchSize, learningRate: learningRate, patience: patience, metric: .ndcg(at: 9)),
            seed: seed, workers: Workers(count: threads), precision: precision, softmax: softmax)
    }
}

/// A model the contract is held against.
struct Model: Sendable, CustomStringConvertible {
    let description: String
    let configuration: any ModelConfiguration

    static let all = plain + [recVAE]

    static let recVAE = Model(description: "RecVAE", configuration: RecVAE(latent: 6, hidden: 12, dropout: 0.3))

    /// Mult-VAE and Mult-DAE.
    static let plain: [Model] = Architecture.Activations.allCases.flatMap { placement in
        [
            Model(
                description: "Mult-VAE \(placement)",
                configuration: MultVAE(latent: 6, hidden: [12], dropout: 0.3, activations: placement)),
            Model(
                description: "Mult-DAE \(placement)",
                configuration: MultDAE(latent: 6, hidden: [12], dropout: 0.3, activations: placement)),
        ]
    }

    /// Passes over the users that make an epoch.
    var passes: Int { configuration.gamma == nil ? 1 : 4 }
}

/// Runs `body` with the path of a folder that is there only for it.
func withTemporaryFolder<Result>(_ body: (String) throws -> Result) throws -> Result {
    let folder = FileManager.default.temporaryDirectory.appending(path: "foldin-training-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    return try body(folder.path(percentEncoded: false))
}

extension TrainedModel {
    /// The bytes of the file it makes.
    func fileBytes() throws -> Data {
        try withTemporaryFolder { folder in
            try save(to: folder + "/m")
            return try Data(contentsOf: URL(filePath: folder + "/m"))
        }
    }
}

extension Parameters {
    /// Every number by what it scores: weights that differ in a bit score differently somewhere.
    var bits: Data {
        let everybody = InteractionMatrix(rows: (0..<architecture.items).map { [$0] }, itemCount: architecture.items)
        var scores = [Float](repeating: 0, count: architecture.items * architecture.items)
        TrainedModel(parameters: self, items: nil).score(
            everybody, rows: 0..<architecture.items, into: &scores, workers: Workers(count: 1))
        return scores.withUnsafeBytes { Data($0) }
    }
}
