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
        _ model: ModelCase = .all[0], epochs: Int = 25, learningRate: Float = 0.01, patience: Int? = nil, batchSize: Int = 20,
        seed: UInt64 = 1, threads: Int = 2, precision: Precision = .float32, softmax: Softmax = .exact
    ) -> Trainer {
        Trainer(
            model.configuration,
            schedule: Schedule(
                epochs: epochs, batchSize: batchSize, learningRate: learningRate, patience: patience, metric: .ndcg(at: 9)),
            seed: seed, workers: Workers(count: threads), precision: precision, softmax: softmax)
    }
}

/// A model that the contract is checked against.
struct ModelCase: Sendable, CustomStringConvertible {
    let description: String
    let configuration: any ModelConfiguration

    static let all = autoencoders + [normalized, recVAE]

    static let normalized = ModelCase(
        description: "Mult-VAE normalized",
        configuration: MultVAE(
            latent: 6, hidden: [12], dropout: 0.3,
            normalization: Normalization(temperature: 0.2, userPower: 0.5)))

    static let recVAE = ModelCase(description: "RecVAE", configuration: RecVAE(latent: 6, hidden: 12, dropout: 0.3))

    /// Mult-VAE and Mult-DAE.
    static let autoencoders: [ModelCase] = Architecture.Activations.allCases.flatMap { placement in
        [
            ModelCase(
                description: "Mult-VAE \(placement)",
                configuration: MultVAE(latent: 6, hidden: [12], dropout: 0.3, activations: placement)),
            ModelCase(
                description: "Mult-DAE \(placement)",
                configuration: MultDAE(latent: 6, hidden: [12], dropout: 0.3, activations: placement)),
        ]
    }

    /// Passes over the users that make an epoch.
    var passes: Int { configuration is RecVAE ? 4 : 1 }
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
