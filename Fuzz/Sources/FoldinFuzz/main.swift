import CFuzzDriver
import Foldin
import FoldinKernels
import FoldinMessages
import Foundation

// FoldinFuzz messages|models|delimited|json|titles|histories|checkpoints|prepared|answers [libFuzzer's options] [folders of inputs]
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

/// A file in memory that readers take by its path, written anew for each input.
struct InputFile {
    let descriptor: Int32
    let path: String

    init() {
        // Where there is a file system in memory, it is used.
        let folder = FileManager.default.fileExists(atPath: "/dev/shm") ? "/dev/shm" : NSTemporaryDirectory()
        path = "\(folder)/foldin-fuzz-\(getpid())"
        descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { fatalError("\(path) cannot be made") }
    }

    func hold(_ bytes: UnsafePointer<UInt8>?, _ count: Int) {
        guard ftruncate(descriptor, 0) == 0, count == 0 || pwrite(descriptor, bytes, count, 0) == count else {
            fatalError("\(path) cannot be written")
        }
    }
}

let input = InputFile()
let oneWorker = Workers(count: 1)

/// Bytes as a ratings file: the first says how it is to be read, the rest is the file. What is read must be divisible.
func readRatings(_ bytes: UnsafePointer<UInt8>?, _ count: Int, isJSON: Bool) -> Int32 {
    guard let bytes, count > 1 else { return 0 }
    let way = Int(bytes[0])
    input.hold(bytes + 1, count - 1)
    var options = ReadingOptions(
        encoding: TextEncoding.allCases[way % 3], decimalSeparator: way & 4 == 0 ? .point : .comma,
        badRowLimit: way & 8 == 0 ? 0 : 3,
        allowsQuotes: way & 16 == 0, keepsTimestamps: way & 32 == 0)
    var hints = LayoutHints(isJSON: isJSON ? true : nil)
    if way & 64 != 0 {
        hints = isJSON ? LayoutHints(user: "u.id", item: "items.id", isJSON: true) : LayoutHints(delimiter: "whitespace")
        options.keep = [.init(column: "event", values: ["buy"])]
    }
    do {
        let ratings = try Ratings(contentsOf: input.path, hints: hints, options: options, workers: oneWorker)
        _ = try ratings.joiningRepeats(.last).split(.strongGeneralization(heldOutUsers: 0))
        ratings.forEachInteraction { user, item, _, _ in precondition(!user.isEmpty && !item.isEmpty, "an id without a character")
        }
    } catch {}
    return 0
}

/// Bytes as a file of titles.
func readTitles(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
    guard let bytes, count > 1 else { return 0 }
    input.hold(bytes + 1, count - 1)
    let isNamed = bytes[0] & 1 == 1
    _ = try? Titles(contentsOf: input.path, id: isNamed ? 1 : nil, title: isNamed ? 2 : nil)
    return 0
}

let recommender = try fuzzedRecommender()

/// A model of a few items, whose ids need quotes.
func fuzzedRecommender() throws -> Recommender {
    let clicks = InteractionMatrix(rows: [[0, 1], [1, 2, 3], [0, 3]], itemCount: 4)
    return Recommender(
        TrainedModel(
            ItemPopularity(clicks), items: Vocabulary(["a", "b, c", "\"", "7"]), clicks: [2, 2, 1, 2]),
        workers: oneWorker)
}

/// Bytes as a file of histories and as a list of ids.
func readHistories(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
    guard let bytes, count > 1 else { return 0 }
    input.hold(bytes + 1, count - 1)
    let formats: [Histories.Format?] = [nil] + Histories.Format.allCases
    let items = Vocabulary(["a", "b, c", "\"", "7"])
    if let read = try? Histories(contentsOf: input.path, as: formats[Int(bytes[0]) % formats.count], known: items) {
        for index in 0..<read.count { _ = try? recommender.recommend(2, havingLiked: read[index].ids) }
    }
    _ = try? IdFile(contentsOf: input.path, known: items)
    let text = String(decoding: UnsafeBufferPointer(start: bytes + 1, count: count - 1), as: UTF8.self)
    _ = try? IdList(text, known: items)
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
    let files: [(String, [String])] = [
        (
            "delimited",
            [
                "userId,movieId,rating,timestamp\n1,10,4.0,99\n2,\"11\",3.5,98\n", "a;\"b\nc\";3,5;2014-05-15\r\n",
                "1::10::5::978300760\n",
                "\u{FEFF}user_id:token\titem_id:token\n196\t242\n", "0 5 6 7\n1 \n2 5\n", "1:\n2,3,2005-09-06\n",
                "user  item event\n1 2 buy\n",
            ]
        ),
        (
            "json",
            [
                #"{"reviewerID": "A\u00e9", "asin": "B", "overall": 5.0, "unixReviewTime": 7}"# + "\n",
                #"{"u":{"id":1},"items":[{"id":"a"},{"id":2}],"event":"buy"}"# + "\n",
                "{u'username': u'a', 'product_id': \"b\", u'x': None}\n",
                #"{"user_id":"u","business_id":"b","stars":4,"date":"2016-07-27 10:42:00"}"# + "\n",
            ]
        ),
        (
            "titles",
            [
                "movieId,title\n1,\"A, \"\"B\"\"\nC\"\n", "1::Toy Story (1995)::x\n",
                "\"ISBN\";\"Book-Title\"\n\"1\";\"a \\\"b\\\"\"\n",
                #"{"asin": "1", "title": "T\u0020S"}"# + "\n", "1,2003,Up, and down\n",
            ]
        ),
        (
            "histories",
            ["a,\"b, c\"\n7\n", "user,item\nu,a\nu,7\n", "[\"a\",7]\n{\"user\":\"u\",\"history\":[\"a\"]}\n", "a 7\n"]
        ),
    ]
    for (name, texts) in files {
        try FileManager.default.createDirectory(atPath: "\(folder)/\(name)", withIntermediateDirectories: true)
        for (number, text) in texts.enumerated() {
            for way: UInt8 in [0, 45, 64] {
                try Data([way] + Array(text.utf8)).write(to: URL(filePath: "\(folder)/\(name)/\(number)-\(way)"))
            }
        }
    }
    for (number, text) in messages.enumerated() { try Data(text.utf8).write(to: URL(filePath: "\(folder)/messages/\(number)")) }
    let ids = Vocabulary(["a", "é", "\"", "d"])
    func save(_ model: any Model, _ name: String) throws {
        try TrainedModel(
            model, items: ids, titles: [nil, "One", "映画", "\\"], clicks: [1, 0, 2, 3],
            card: ModelCard(options: ["seed": "1"], metrics: ["ndcg@100": 0.5], dataChecksum: "00")
        ).save(to: "\(folder)/models/\(name)")
        _ = try TrainedModel(contentsOf: "\(folder)/models/\(name)")
    }
    for family in [Architecture.Family.multVAE, .multDAE] {
        let architecture = Architecture(
            family: family, items: 4, encoder: [2], latent: 2, decoder: [2], encoderDropout: [0.5, 0], decoderDropout: [0, 0])
        try save(Autoencoder(initializing: architecture, seed: 1), family.rawValue)
    }
    let clicks = InteractionMatrix(rows: [[0, 1], [1, 2, 3], [0, 3]], itemCount: 4)
    let recVAE = RecVAEModel(initializing: RecVAEArchitecture(items: 4, width: 2, latent: 2, dropout: 0.5), seed: 1)
    try save(recVAE, "rec-vae")
    let popularity = ItemPopularity(clicks)
    try save(Blend([Blend.Member(popularity, weight: 1), Blend.Member(recVAE, weight: -0.5)]), "blend")
    try save(popularity, "popularity")
    try save(ItemWeights(.ease, itemCount: 4, weights: FloatBuffer([Float](repeating: 0.5, count: 16))), "ease")
    try save(ItemNeighbours(.init(starts: [0, 1, 2, 2, 3], items: [1, 0, 0], weights: [1, 0.5, 0.25])), "item-knn")
}

switch CommandLine.arguments.dropFirst().first {
case "seeds" where CommandLine.arguments.count == 3:
    try writeSeeds(to: CommandLine.arguments[2])
    try writeCheckpointSeeds(to: CommandLine.arguments[2])
    try writePreparedSeeds(to: CommandLine.arguments[2])
    unlink(input.path)
case "messages", "models", "delimited", "json", "titles", "histories", "checkpoints", "prepared", "answers":
    // libFuzzer takes what follows the name of the target as its own.
    let options = [CommandLine.arguments[0]] + CommandLine.arguments.dropFirst(2)
    var pointers = options.map { strdup($0) } + [nil]
    let status = pointers.withUnsafeMutableBufferPointer { pointers in
        guard let start = pointers.baseAddress else { return Int32(1) }
        let count = Int32(options.count)
        switch CommandLine.arguments[1] {
        case "messages": return foldin_fuzz(count, start) { readMessages($0, $1) }
        case "models": return foldin_fuzz(count, start) { readModel($0, $1) }
        case "delimited": return foldin_fuzz(count, start) { readRatings($0, $1, isJSON: false) }
        case "json": return foldin_fuzz(count, start) { readRatings($0, $1, isJSON: true) }
        case "titles": return foldin_fuzz(count, start) { readTitles($0, $1) }
        case "checkpoints": return foldin_fuzz(count, start) { readCheckpoint($0, $1) }
        case "prepared": return foldin_fuzz(count, start) { readPrepared($0, $1) }
        case "answers": return foldin_fuzz(count, start) { answer($0, $1) }
        default: return foldin_fuzz(count, start) { readHistories($0, $1) }
        }
    }
    unlink(input.path)
    if CommandLine.arguments[1] == "answers" { try? FileManager.default.removeItem(atPath: servedModels.folder) }
    exit(status)
default:
    print(
        "FoldinFuzz messages|models|delimited|json|titles|histories|checkpoints|prepared|answers [options] [folders], or seeds FOLDER"
    )
    exit(64)
}
