import FoldinTestSupport
import Foundation
import Testing

/// A made ratings file with titles, prepared and trained on by the built command, in a folder of its own.
final class TrainedRun {
    let folder: TemporaryFolder
    var data: String { folder.path + "/data" }
    var model: String { folder.path + "/run/model.safetensors" }

    /// The smallest network that is one.
    static let network = ["--latent", "4", "--hidden", "8", "--epochs", "3", "--batch-size", "16"]

    /// Prepares; trains unless told not to.
    init(training: Bool = true) throws {
        folder = try TemporaryFolder()
        // People of two groups: even ids like even items.
        let rows = (0..<60).flatMap { user in (0..<9).map { "\(user),\(($0 * $0 + user / 2 + $0) % 15 * 2 + user % 2 + 100),5\n" }
        }
        let ratings = try folder.write("ratings.csv", "userId,movieId,rating\n" + rows.joined())
        let titles = try folder.write(
            "movies.csv", "movieId,title,genres\n" + (100..<130).map { "\($0),\"Film \($0), né 映画\",Drama\n" }.joined())
        let prepared = try foldin("prepare", ratings, "--titles", titles, "--held-out-users", "8", "--out", data)
        try #require(prepared.status == 0, "\(prepared)")
        if training {
            let trained = try train("run")
            try #require(trained.status == 0, "\(trained)")
        }
    }

    func train(_ name: String, _ more: String...) throws -> PrepareCommandTests.Outcome {
        try PrepareCommandTests.foldin(["train", data, "--out", folder.path + "/" + name] + TrainedRun.network + more)
    }

    func foldin(_ arguments: String...) throws -> PrepareCommandTests.Outcome { try PrepareCommandTests.foldin(arguments) }

    func bytes(_ name: String) throws -> Data { try Data(contentsOf: URL(filePath: folder.path + "/" + name)) }

    func names(_ path: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder.path + "/" + path).sorted()
    }
}

/// Decodes one JSON document; anything else on standard output fails.
func decode<Value: Decodable>(_ type: Value.Type, _ outcome: PrepareCommandTests.Outcome) throws -> Value {
    try #require(outcome.status == 0, "\(outcome)")
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    return try decoder.decode(type, from: Data(outcome.output.utf8))
}

struct Report: Decodable, Equatable {
    struct Figures: Decodable, Equatable {
        let mean: Double
        let standardError: Double?
    }
    let users, skippedUsers: Int
    let metrics: [String: Figures]
}

struct Found: Decodable, Equatable {
    struct Item: Decodable, Equatable {
        let item: String
        let title: String?
        let score: Double
    }
    let items: [Item]
    let unknown: [String]
}
