import Dispatch
import Foldin
import FoldinKernels
@_spi(Fuzzing) import FoldinService
import Foundation

/// The service's answers with a small model of every kind, among them such with huge, tiny and no weights.
struct ServedModels {
    static let items = 6

    let folder: String
    let answers: [OfflineAnswers]

    init() throws {
        // Where there is a file system in memory, it is used.
        let place = FileManager.default.fileExists(atPath: "/dev/shm") ? "/dev/shm" : NSTemporaryDirectory()
        folder = "\(place)/foldin-fuzz-\(getpid())-models"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        var answers: [OfflineAnswers] = []
        for scale: Float in [1, 0, .leastNonzeroMagnitude, 1e-38, 1e10, 1e18, 1e30, 1e36, 1e37, 3e38] {
            for (number, model) in try Self.models(scale).enumerated() {
                let path = "\(folder)/\(number)-\(scale)"
                do { try Self.trained(model).save(to: path) } catch { continue }
                if number < Self.networks { try Self.multiply(path, by: scale) }
                // A model that is refused answers nothing.
                let events = scale == 1 ? path + ".events" : nil
                do { answers.append(try OfflineAnswers(model: path, events: events)) } catch is FoldinError {}
            }
        }
        self.answers = answers
        // Those of scale 1 at least, and some that are strange.
        precondition(answers.count > 30, "only \(answers.count) models are served")
    }

    /// The first of the models, whose files have nothing but weights.
    private static let networks = 3

    private static func models(_ scale: Float) throws -> [any Model] {
        func autoencoder(_ family: Architecture.Family) -> Autoencoder {
            Autoencoder(
                initializing: Architecture(
                    family: family, items: items, encoder: [3], latent: 2, decoder: [3], encoderDropout: [0, 0],
                    decoderDropout: [0, 0]), seed: 3)
        }
        let weights = (0..<items * items).map { $0 % (items + 1) == 0 ? 0 : Float($0 % 5 - 2) / 2 * scale }
        let lists = ItemNeighbours.Lists(
            starts: [0, 2, 3, 3, 5, 6, 6], items: [1, 3, 0, 0, 4, 3],
            weights: [0.5, 0.25, -0.5, 1, 0.75, 0.75].map { $0 * scale })
        let popularity = ItemPopularity(InteractionMatrix(rows: [[1, 2], [2, 3]], itemCount: items))
        let neighbours = ItemNeighbours(lists)
        return [
            autoencoder(.multVAE), autoencoder(.multDAE),
            RecVAEModel(initializing: RecVAEArchitecture(items: items, width: 3, latent: 2), seed: 3),
            ItemWeights(.ease, itemCount: items, weights: FloatBuffer(weights)), neighbours,
            ItemNeighbours(lists, family: .ease), popularity,
            Blend([
                .init(popularity, weight: 1), .init(neighbours, weight: -2), .init(autoencoder(.multDAE), weight: 0.5),
            ]),
        ]
    }

    private static func trained(_ model: any Model) -> TrainedModel {
        TrainedModel(
            model, items: Vocabulary(ids), titles: [nil, "One film", "映画", "\\ \"two\" \u{1}", "Film", "film one"],
            card: ModelCard(options: ["seed": "1"], metrics: ["a": 0.5]))
    }

    /// The models of scale 1 are the first, and all of them are served.
    static let withEvents = 8

    static let ids = ["i0", "é", "\"", "a, b", "\u{FEFF}", "7"]

    /// Multiplies all numbers of a model file whose tensors are weights.
    private static func multiply(_ path: String, by scale: Float) throws {
        var data = try Data(contentsOf: URL(filePath: path))
        let header = data.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
        data.withUnsafeMutableBytes { bytes in
            for offset in stride(from: 8 + header, to: bytes.count - 3, by: 4) {
                let weight = bytes.loadUnaligned(fromByteOffset: offset, as: Float.self)
                bytes.storeBytes(of: weight * scale, toByteOffset: offset, as: Float.self)
            }
        }
        try data.write(to: URL(filePath: path))
    }
}

let servedModels = {
    do { return try ServedModels() } catch { fatalError("\(error)") }
}()

/// Numbers and texts made of an input's bytes; zeros when they are used up.
struct Choices {
    private var rest: UnsafeBufferPointer<UInt8>.SubSequence

    init(_ bytes: UnsafeBufferPointer<UInt8>) { rest = bytes[...] }

    mutating func next(_ bound: Int) -> Int { Int(rest.popFirst() ?? 0) % bound }

    /// The bytes that are left.
    var remaining: [UInt8] { Array(rest) }

    mutating func id() -> String {
        switch next(32) {
        case 0..<28: ServedModels.ids[next(ServedModels.ids.count)]
        case 28: ["u", "v", " u ", "u\n"][next(4)]
        case 29: String(repeating: "x", count: next(256) + 2)
        default: String(decoding: (0..<next(5)).map { _ in UInt8(next(256)) }, as: UTF8.self)
        }
    }

    mutating func ids() -> String { "[" + (0..<next(9)).map { _ in text(id()) }.joined(separator: ",") + "]" }

    /// Mostly a number that a request may have.
    mutating func number() -> String {
        let strange = [
            "-1", "1000", "1001", "100000", "100001", "9223372036854775807", "9223372036854775808", "1e3", "1.5", "1e400", "null",
        ]
        let place = next(64)
        return place < strange.count ? strange[place] : String(place - strange.count)
    }

    mutating func user() -> String { ["\"u\"", "\"v\"", "\" u \""][next(3)] }

    /// A JSON string; one of a control character now and then is not.
    func text(_ id: String) -> String {
        "\"" + id.replacingOccurrences(of: "\\", with: "\\\\").replacingOccurrences(of: "\"", with: "\\\"") + "\""
    }

    /// An object of some of `fields`.
    private mutating func object(_ fields: [(String, (inout Choices) -> String)]) -> String {
        var parts: [String] = []
        for (name, value) in fields where next(8) > 0 { parts.append("\"\(name)\":" + value(&self)) }
        return "{" + parts.joined(separator: ",") + "}"
    }

    mutating func recommendation() -> String {
        object([
            ("history", { $0.ids() }), ("top", { $0.number() }), ("offset", { $0.number() }), ("exclude", { $0.ids() }),
            ("allow", { $0.ids() }), ("user", { $0.user() }),
        ])
    }

    mutating func explanation() -> String {
        object([("history", { $0.ids() }), ("items", { $0.ids() }), ("top", { $0.number() }), ("user", { $0.user() })])
    }

    mutating func event() -> String {
        object([
            ("user", { $0.user() }), ("item", { $0.text($0.id()) }), ("rating", { $0.number() }),
            ("time", { $0.number() }),
        ])
    }

    mutating func list(_ name: String, _ one: (inout Choices) -> String) -> String {
        "{\"\(name)\":[" + (0..<next(6)).map { _ in one(&self) }.joined(separator: ",") + "]}"
    }
}

/// Bytes as a request to one of the models: every reply is JSON with finite numbers, and none is a failure.
func answer(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
    var choices = Choices(UnsafeBufferPointer(start: bytes, count: count))
    let model = choices.next(servedModels.answers.count)
    let way = choices.next(32)
    // Events are kept beside the first models only.
    let answers = servedModels.answers[(26...27).contains(way) ? model % ServedModels.withEvents : model]
    let route: OfflineAnswers.Route
    let body: [UInt8]
    let top = choices.next(100) + 1
    switch way {
    case 0..<10: (route, body) = (.recommend, Array(choices.recommendation().utf8))
    case 10..<14: (route, body) = (.batch, Array(choices.list("requests") { $0.recommendation() }.utf8))
    case 14..<20: (route, body) = (.explain, Array(choices.explanation().utf8))
    case 20..<23: (route, body) = (.similar, Array(choices.id().utf8))
    case 23..<26: (route, body) = (.items, Array(choices.id().utf8))
    case 26: (route, body) = (.events, Array(choices.list("events") { $0.event() }.utf8))
    case 27: (route, body) = (.delete, Array(["u", "v", "w"][choices.next(3)].utf8))
    case 28: (route, body) = (.models, [])
    // Whatever it is.
    case 29: (route, body) = (.recommend, choices.remaining)
    case 30: (route, body) = (.explain, choices.remaining)
    default: (route, body) = (.items, Array(choices.remaining.prefix(200)))
    }
    let done = DispatchSemaphore(value: 0)
    Task {
        let reply = await answers.reply(to: route, body, top: top)
        guard reply.status != 500, let document = try? JSONSerialization.jsonObject(with: Data(reply.body)), isFinite(document)
        else {
            fatalError(
                "\(route) \(String(decoding: body, as: UTF8.self)): \(reply.status) \(String(decoding: reply.body, as: UTF8.self))"
            )
        }
        done.signal()
    }
    done.wait()
    return 0
}

private func isFinite(_ value: Any) -> Bool {
    switch value {
    case let object as [String: Any]: object.values.allSatisfy(isFinite)
    case let array as [Any]: array.allSatisfy(isFinite)
    case let number as NSNumber: number.doubleValue.isFinite
    default: true
    }
}
