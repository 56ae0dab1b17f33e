import Foldin
import FoldinKernels
import Foundation

/// A training of a few people that was interrupted, and its checkpoint taken to pieces, so that inputs can be put in place of one.
struct InterruptedTraining {
    let trainer: Trainer
    /// The whole file.
    let file: Data
    /// The JSON of the header, the numbers behind it, and the state's JSON in the header.
    let header: Data
    let numbers: Data
    let state: String
    private let beforeState: Data
    private let afterState: Data

    /// Trains by `options` for so many steps.
    init(_ options: [String: String], steps: Int) throws {
        var plan = TrainingPlan()
        let small = ["latent": "2", "hidden": "2", "batch-size": "5", "epochs": "4", "patience": "0", "metric": "ndcg@3"]
        for (name, value) in small.merging(options, uniquingKeysWith: { $1 }).sorted(by: { $0.key < $1.key }) {
            try plan.set(name, to: value)
        }
        trainer = try plan.trainer(workers: oneWorker)
        let path = input.path + "-checkpoint"
        defer { unlink(path) }
        var made = 0
        _ = try trainer.run(
            on: fewPeople, isCancelled: { made == steps }, onCheckpoint: { try $0.save(to: path) },
            onStep: { _, _, _ in made += 1 })
        file = try Data(contentsOf: URL(filePath: path))
        let length = file.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
        header = file.dropFirst(8).prefix(length)
        numbers = file.dropFirst(8 + length)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        struct Header: Decodable {
            let metadata: [String: String]
            enum CodingKeys: String, CodingKey { case metadata = "__metadata__" }
        }
        state = try JSONDecoder().decode(Header.self, from: header).metadata["state"] ?? ""
        guard let place = header.range(of: try encoder.encode(state)) else {
            fatalError("no state in the header of a checkpoint")
        }
        (beforeState, afterState) = (header[..<place.lowerBound], header[place.upperBound...])
    }

    /// A file with `bytes` in the place of it all (0), of its header (1), or of its state (2 and 3).
    func file(_ bytes: UnsafeBufferPointer<UInt8>, way: UInt8) -> Data {
        if way == 0 { return Data(bytes) }
        var text = Data()
        if way == 1 {
            text.append(contentsOf: bytes)
        } else {
            text.append(beforeState)
            text.append(UInt8(ascii: "\""))
            for byte in bytes {
                if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { text.append(UInt8(ascii: "\\")) }
                text.append(byte)
            }
            text.append(UInt8(ascii: "\""))
            text.append(afterState)
        }
        return withUnsafeBytes(of: UInt64(text.count).littleEndian) { Data($0) } + text + numbers
    }
}

/// Twelve people to train on and three to validate, six items.
let fewPeople = PreparedDataset(
    train: InteractionMatrix(rows: (0..<12).map { user in [user % 6, (user + 2) % 6] }, itemCount: 6),
    validation: HeldOutUsers(
        userIndices: [12, 13, 14], foldIn: InteractionMatrix(rows: [[0], [1], [2]], itemCount: 6),
        heldOut: InteractionMatrix(rows: [[2], [3], [4, 5]], itemCount: 6)),
    test: HeldOutUsers(
        userIndices: [], foldIn: InteractionMatrix(rows: [[Int]](), itemCount: 6),
        heldOut: InteractionMatrix(rows: [[Int]](), itemCount: 6)),
    items: Vocabulary((0..<6).map { "i\($0)" }), users: Vocabulary((0..<15).map { "u\($0)" }))

let interruptedTrainings: [InterruptedTraining] = {
    let kinds: [([String: String], Int)] = [
        (["learning-rate-schedule": "plateau", "plateau-patience": "1"], 4), (["model": "mult-dae", "stop-on": "loss"], 3),
        (["anneal-cap": "search", "epochs": "2"], 7), (["model": "rec-vae"], 14), (["softmax": "sampled", "negatives": "2"], 5),
    ]
    do { return try kinds.map { try InterruptedTraining($0.0, steps: $0.1) } } catch { fatalError("\(error)") }
}()

/// Bytes as a checkpoint, or a part of one, by the first of them; what is read is gone on with for some steps. It may be refused,
/// never trap.
func readCheckpoint(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
    guard let bytes, count > 1 else { return 0 }
    let training = interruptedTrainings[Int(bytes[0] & 63) % interruptedTrainings.count]
    let data = training.file(UnsafeBufferPointer(start: bytes + 1, count: count - 1), way: bytes[0] >> 6)
    do {
        let checkpoint = try TrainingCheckpoint(data: data, file: "checkpoint")
        var asked = 0
        let outcome = try training.trainer.run(
            on: fewPeople, from: checkpoint,
            isCancelled: {
                asked += 1
                return asked > 4
            }, checkpointSeconds: .infinity)
        precondition(outcome.bestEpoch <= outcome.history.count, "a best epoch that has not been")
    } catch {}
    return 0
}

/// The checkpoints and their parts.
func writeCheckpointSeeds(to folder: String) throws {
    try FileManager.default.createDirectory(atPath: folder + "/checkpoints", withIntermediateDirectories: true)
    for (kind, training) in interruptedTrainings.enumerated() {
        for (way, part) in [training.file, training.header, Data(training.state.utf8)].enumerated() {
            let place = URL(filePath: "\(folder)/checkpoints/\(kind)-\(way)")
            try (Data([UInt8(way << 6 | kind)]) + part).write(to: place)
        }
    }
}
