import CFuzzDriver
import Foldin
import FoldinKernels
import FoldinMessages
import Foundation

// FoldinFuzz messages|models [libFuzzer's options] [folders of inputs]
// FoldinFuzz seeds FOLDER

/// Bytes as each message that a client may send. What cannot be read must say so; nothing may trap.
func readMessages(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
    let data = Data(UnsafeBufferPointer(start: bytes, count: count))
    _ = try? Reading.message(RecommendationRequest.self, from: data)
    _ = try? Reading.message(BatchRequest.self, from: data)
    _ = try? Reading.message(ExplanationRequest.self, from: data)
    _ = try? Reading.message(EventsRequest.self, from: data)
    return 0
}

/// Bytes as a model file. What is read must be able to score.
func readModel(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
    let data = Data(UnsafeBufferPointer(start: bytes, count: count))
    guard let model = try? TrainedModel(data: data, file: "model") else { return 0 }
    var scores = [Float](repeating: 0, count: model.itemCount)
    let workers = Workers(count: 1)
    model.score(InteractionMatrix(rows: [[0]], itemCount: model.itemCount), rows: 0..<1, into: &scores, workers: workers)
    _ = model.similarities(to: model.itemCount - 1, workers: workers)
    return 0
}

/// Small good inputs of each kind to start from.
func writeSeeds(to folder: String) throws {
    try FileManager.default.createDirectory(atPath: folder + "/messages", withIntermediateDirectories: true)
    try FileManager.default.createDirectory(atPath: folder + "/models", withIntermediateDirectories: true)
    let messages = [
        #"{"history":["i1","\u00e9\ud83d\ude00"],"top":10,"offset":1,"exclude":["i2"],"allow":["i3"],"user":"u"}"#,
        #"{"requests":[{"history":[]},{"history":["1"],"top":null}]}"#, #"{"history":["i1"],"items":["i2"],"user":"u"}"#,
        #"{"events":[{"user":"u","item":"i","rating":4.5e0,"time":1700000000}]}"#,
    ]
    for (number, text) in messages.enumerated() { try Data(text.utf8).write(to: URL(filePath: "\(folder)/messages/\(number)")) }
    let ids = Vocabulary(["a", "é", "\"", "d"])
    func save(_ core: ModelCore, _ name: String) throws {
        try TrainedModel(
            core: core, items: ids, titles: [nil, "One", "映画", "\\"], clicks: [1, 0, 2, 3],
            card: ModelCard(options: ["seed": "1"], metrics: ["ndcg@100": 0.5], dataChecksum: "00")
        ).save(to: "\(folder)/models/\(name)")
        _ = try TrainedModel(contentsOf: "\(folder)/models/\(name)")
    }
    for family in [Architecture.Family.multVAE, .multDAE] {
        let architecture = Architecture(
            family: family, items: 4, encoder: [2], latent: 2, decoder: [2], encoderDropout: [0.5, 0], decoderDropout: [0, 0])
        try save(.autoencoder(Parameters(initializing: architecture, seed: 1)), family.rawValue)
    }
    let clicks = InteractionMatrix(rows: [[0, 1], [1, 2, 3], [0, 3]], itemCount: 4)
    let residual = Architecture(
        family: .recVAE, items: 4, encoder: [2, 2, 2, 2, 2], latent: 2, decoder: [],
        encoderDropout: [0.5, 0, 0, 0, 0, 0], decoderDropout: [0])
    let recVAE = ModelCore.residualAutoencoder(ResidualAutoencoder(Parameters(initializing: residual, seed: 1)))
    try save(recVAE, "rec-vae")
    let popularity = ModelCore.popularity(ItemPopularity(clicks))
    try save(.blend(Blend([Blend.Member(popularity, weight: 1), Blend.Member(recVAE, weight: -0.5)])), "blend")
    try save(popularity, "popularity")
    try save(.itemWeights(ItemWeights(.ease, itemCount: 4, weights: FloatBuffer([Float](repeating: 0.5, count: 16)))), "ease")
    try save(
        .itemNeighbours(ItemNeighbours(.init(starts: [0, 1, 2, 2, 3], items: [1, 0, 0], weights: [1, 0.5, 0.25]))), "item-knn")
}

switch CommandLine.arguments.dropFirst().first {
case "seeds" where CommandLine.arguments.count == 3: try writeSeeds(to: CommandLine.arguments[2])
case "messages", "models":
    // libFuzzer takes what follows the name of the target as its own.
    let options = [CommandLine.arguments[0]] + CommandLine.arguments.dropFirst(2)
    var pointers = options.map { strdup($0) } + [nil]
    let status = pointers.withUnsafeMutableBufferPointer { pointers in
        guard let start = pointers.baseAddress else { return Int32(1) }
        return CommandLine.arguments[1] == "messages"
            ? foldin_fuzz(Int32(options.count), start) { readMessages($0, $1) }
            : foldin_fuzz(Int32(options.count), start) { readModel($0, $1) }
    }
    exit(status)
default:
    print("FoldinFuzz messages|models [libFuzzer's options] [folders], or seeds FOLDER")
    exit(64)
}
