import FoldinInteractions
import FoldinKernels
import FoldinSupport
import FoldinTestSupport
import Foundation
import Testing

@testable import FoldinModels

/// Whatever a model file holds, it is read or refused with a message; nothing traps.
@Suite("Hostile model files") struct HostileModelFileTests {
    static let weight = "encode.q_layers.linear_0.weight"
    static let bias = "encode.q_layers.linear_0.bias"
    static let last = "decode.p_layers.linear_1.weight"

    /// A small file that is as it should be.
    static func whole() throws -> SafeTensorsFile {
        try withTemporaryFolder { folder in
            try TrainedModel.fresh(SmallNetwork(.multVAE, depth: 2).architecture(items: 6))
                .save(to: folder + "/m")
            return try SafeTensorsFile(contentsOf: folder + "/m")
        }
    }

    /// How a file is spoilt: a name, what the message must hold, and how.
    struct Harm: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let message: String
        let change: @Sendable (inout SafeTensorsFile) -> Void

        init(_ name: String, _ message: String, _ change: @escaping @Sendable (inout SafeTensorsFile) -> Void) {
            testDescription = name
            self.message = message
            self.change = change
        }
    }

    /// Replaces text in the JSON of a metadata field; a change without effect would be no test.
    static func edit(_ name: String, _ old: String, _ new: String) -> @Sendable (inout SafeTensorsFile) -> Void {
        { file in
            let text = file.metadata(name)
            let changed = text.replacing(old, with: new)
            if changed == text { Issue.record("no \(old) in \(name)") }
            file.set(name, to: changed)
        }
    }

    static let harms: [Harm] = [
        Harm("no tensors", "behind the last tensor") { $0.header = $0.header.filter { $0.key == "__metadata__" } },
        Harm("no header entries at all", "behind the last tensor") { $0.header = [:] },
        Harm("a missing tensor", "no tensor \"\(last)\"") { $0.header[last] = nil },
        Harm("an extra tensor", "a tensor \"extra\"") {
            $0.header["extra"] = ["dtype": "F32", "shape": [0], "data_offsets": [0, 0]]
        },
        Harm("half precision", "F16") { $0.set("dtype", of: weight, to: "F16") },
        Harm("a type that is no text", "does not describe tensors") { $0.set("dtype", of: weight, to: 32) },
        Harm("no shape", "does not describe tensors") { $0.set("shape", of: weight, to: nil) },
        Harm("a negative side", "[-8, -6]") { $0.set("shape", of: weight, to: [-8, -6]) },
        Harm("one negative side", "a shape that fits") { $0.set("shape", of: weight, to: [-8, 6]) },
        Harm("a product that overflows", "a shape that fits") { $0.set("shape", of: weight, to: [Int.max, 4]) },
        Harm("a product that wraps to the right size", "a shape that fits") {
            $0.set("shape", of: weight, to: [1 << 62, 4, 9, 6])
        },
        Harm("zero times the largest", "the whole tensor") { $0.set("shape", of: weight, to: [0, Int.max]) },
        Harm("a side that is no integer", "does not describe tensors") { $0.set("shape", of: weight, to: [9.5, 6]) },
        Harm("a side beyond 64 bits", "does not describe tensors") { $0.set("shape", of: weight, to: [1e30, 6]) },
        Harm("transposed", "of shape [6, 9]") { $0.set("shape", of: weight, to: [6, 9]) },
        Harm("one side for two", "of shape [54]") { $0.set("shape", of: weight, to: [54]) },
        Harm("a scalar", "the whole tensor") { $0.set("shape", of: weight, to: [Int]()) },
        Harm("offsets backwards", "the whole tensor") { $0.set("data_offsets", of: weight, to: [300, 84]) },
        Harm("a negative offset", "the whole tensor") { $0.set("data_offsets", of: weight, to: [-216, 0]) },
        Harm("offsets past the end", "the whole tensor") { $0.set("data_offsets", of: weight, to: [1 << 40, 1 << 40 + 216]) },
        Harm("the largest offset", "the whole tensor") { $0.set("data_offsets", of: weight, to: [Int.max - 216, Int.max]) },
        Harm("three offsets", "the whole tensor") { $0.set("data_offsets", of: weight, to: [0, 100, 216]) },
        Harm("tensors in the same place", "in the same place") { $0.set("data_offsets", of: weight, to: [4, 220]) },
        Harm("a byte too few", "the whole tensor") { $0.numbers.removeLast() },
        Harm("NaN", "NaN or infinite") { $0.numbers.replaceSubrange(40..<44, with: [0, 0, 0xC0, 0x7F]) },
        Harm("infinity", "NaN or infinite") {
            $0.numbers.replaceSubrange($0.numbers.count - 4..<$0.numbers.count, with: [0, 0, 0x80, 0xFF])
        },
        Harm("metadata that is no text", "does not describe tensors") { $0.header["__metadata__"] = ["architecture": 5] },
        Harm("metadata under another name", "without shape") { $0.header["other"] = ["a": "b"] },
        Harm("a tensor for metadata", "a tensor \"__metadata__\"") {
            $0.header["__metadata__"] = ["dtype": "F32", "shape": [0], "data_offsets": [0, 0]]
        },
        Harm("an architecture that is no JSON", "cannot be read") { $0.set("architecture", to: "{") },
        Harm("an empty architecture", "cannot be read") { $0.set("architecture", to: "") },
        Harm("an unknown family", "family \"mult-gan\"", edit("architecture", "mult-vae", "mult-gan")),
        Harm("the other family", "expected shape [5, 9]", edit("architecture", "mult-vae", "mult-dae")),
        Harm("more items than there are", "expected shape [9, 7]", edit("architecture", "\"items\":6", "\"items\":7")),
        Harm("a billion items", "expected shape", edit("architecture", "\"items\":6", "\"items\":1000000000")),
        Harm("too many items", "a layer of", edit("architecture", "\"items\":6", "\"items\":9223372036854775807")),
        Harm("no items", "a layer of 0", edit("architecture", "\"items\":6", "\"items\":0")),
        Harm("a negative latent", "a layer of -5", edit("architecture", "\"latent\":5", "\"latent\":-5")),
        Harm("a latent that overflows", "a layer of", edit("architecture", "\"latent\":5", "\"latent\":4611686018427387904")),
        Harm("another depth", "expected 3", edit("architecture", "\"encoder\":[9]", "\"encoder\":[9,9]")),
        Harm("dropout of one", "probability 1.0", edit("architecture", "\"encoderDropout\":[0", "\"encoderDropout\":[1")),
        Harm("dropout beyond Float", "cannot be read", edit("architecture", "\"encoderDropout\":[0", "\"encoderDropout\":[1e99")),
        Harm("too few ids", "5 item ids", edit("items", ",\"i5\"", "")),
        Harm("an id twice", "for items 4 and 5", edit("items", "\"i5\"", "\"i4\"")),
        Harm("ids that are numbers", "cannot be read", edit("items", "\"i5\"", "5")),
        Harm("too many titles", "7 titles", edit("titles", "null]", "null,null]")),
        Harm("titles that are no list", "cannot be read") { $0.set("titles", to: "{}") },
        Harm("too few clicks", "5 counts", edit("clicks", ",0]", "]")),
        Harm("clicks below none", "6 counts", edit("clicks", ",0]", ",-1]")),
        Harm("clicks that are no counts", "cannot be read", edit("clicks", ",0]", ",0.5]")),
        Harm("a card that is no card", "cannot be read") { $0.set("card", to: "[]") },
    ]

    /// Reads `data` as a model: the error, or nil when it is read, in which case it must be able to score.
    static func read(_ data: Data) throws -> FoldinError? {
        try foldinError {
            let model = try TrainedModel(ModelFile(data, path: "model"))
            var scores = [Float](repeating: 0, count: model.itemCount)
            let history = InteractionMatrix(rows: [[0]], itemCount: model.itemCount)
            model.score(history, rows: 0..<1, into: &scores, workers: Workers(count: 1))
        }
    }

    @Test(arguments: harms)
    func aCorruptedFileIsRefused(_ harm: Harm) throws {
        var file = try Self.whole()
        #expect(try Self.read(file.data) == nil)
        harm.change(&file)
        let error = try #require(try Self.read(file.data))
        #expect(error.exitStatus == 65 && error.file == "model")
        #expect(error.description.contains(harm.message), "\(error)")
    }

    @Test func everyTruncationIsRefused() throws {
        let data = try Self.whole().data
        for length in Array(0..<64) + Array(stride(from: 64, to: data.count, by: 7)) + [data.count - 1] {
            let error = try Self.read(data.prefix(length))
            #expect(error?.exitStatus == 65, "\(length) of \(data.count) bytes")
        }
    }

    @Test(arguments: [
        "", "null", "[]", "5", "\"text\"", "{\"a\":1}", "{\"a\":null}", "{", "{}{}", "{\"a\":{}}", "\u{FEFF}{}",
        String(repeating: "[", count: 100_000), String(repeating: "{\"a\":", count: 50_000), "{\"\u{0}\":[]}",
    ])
    func otherHeadersAreRefused(header: String) throws {
        let text = Data(header.utf8)
        let error = try Self.read(SafeTensorsFile.length(text.count) + text + Data(count: 64))
        #expect(error?.exitStatus == 65)
    }

    @Test(arguments: [UInt64.max, 1 << 63, UInt64(Int.max), UInt64(Int.max) - 7, 1 << 40, 100_000_001, 100_000_000, 5_000])
    func giganticHeadersAreRefused(length: UInt64) throws {
        let error = try Self.read(withUnsafeBytes(of: length.littleEndian) { Data($0) } + Data("{}".utf8))
        #expect(error?.exitStatus == 65 && error?.found.contains("\(length)") == true)
    }

    /// Bytes changed, cut out, put in and moved about, mostly in the header: read or refused, never a trap.
    @Test func mutatedFilesAreReadOrRefused() throws {
        let whole = [UInt8](try Self.whole().data)
        let headerEnd = 8 + whole[..<8].enumerated().reduce(0) { $0 + Int($1.element) << (8 * $1.offset) }
        var draws = Draws(seed: 1)
        var refused = 0
        let rounds = 3_000
        for round in 0..<rounds {
            var bytes = whole
            for _ in 0...draws.below(3) {
                let at = min(bytes.count - 1, draws.below(8) == 0 ? draws.below(bytes.count) : draws.below(headerEnd))
                switch draws.below(6) {
                case 0: bytes[at] ^= 1 << UInt8(draws.below(8))
                case 1: bytes[at] = UInt8(draws.below(256))
                case 2: bytes[at] = Array("0123456789-[]{}\",:.eE")[draws.below(21)].asciiValue ?? 0
                case 3: bytes.removeSubrange(at..<min(bytes.count, at + 1 + draws.below(20)))
                case 4: bytes.insert(contentsOf: bytes[draws.below(at + 1)...at].prefix(20), at: at)
                default: bytes.swapAt(at, draws.below(bytes.count))
                }
                if bytes.isEmpty { bytes = [0] }
            }
            let error = try Self.read(Data(bytes))
            if let error {
                refused += 1
                #expect(error.exitStatus == 65, "round \(round): \(error)")
            }
        }
        // Some changes, such as of a title or a weight, are none of the reader's business.
        #expect(refused > rounds / 2 && refused < rounds)
    }
}
