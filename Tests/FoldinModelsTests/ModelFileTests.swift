import FoldinInteractions
import FoldinKernels
import FoldinTestSupport
import Foundation
import Testing

@testable import FoldinModels

@Suite("Model files") struct ModelFileTests {
    @Test(arguments: Shape.all)
    func comesBackAsItWas(_ shape: Shape) throws {
        // Wider than one block of the transposition.
        let model = TrainedModel.fresh(shape.architecture(items: 70, dropout: 0.1))
        try withTemporaryFolder { folder in
            try model.save(to: folder + "/a.safetensors")
            let read = try TrainedModel(contentsOf: folder + "/a.safetensors")
            #expect(read.architecture == model.architecture)
            #expect(read.parameters?.bits == model.parameters?.bits)
            #expect(
                read.items == model.items && read.titles == model.titles && read.clicks == model.clicks && read.card == model.card
            )
            #expect(read.title(of: 0) == "The \"0\", né 映画" && read.title(of: 1) == nil)

            try read.save(to: folder + "/b.safetensors")
            let bytes = try ["a", "b"].map { try Data(contentsOf: URL(filePath: folder + "/\($0).safetensors")) }
            #expect(bytes[0] == bytes[1])
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder).count == 2)
        }
    }

    @Test func scoresTheSameAfterwards() throws {
        for shape in Shape.all {
            let model = TrainedModel.fresh(shape.architecture(items: 70))
            let read = try withTemporaryFolder { folder in
                try model.save(to: folder + "/m")
                return try TrainedModel(contentsOf: folder + "/m")
            }
            let people = InteractionMatrix(rows: [[1, 2, 3], [], [69]], itemCount: 70)
            func scores(_ model: TrainedModel) -> [Float] {
                var scores = [Float](repeating: .nan, count: 3 * 70)
                model.score(people, rows: 0..<3, into: &scores, workers: Workers(count: 2))
                return scores
            }
            #expect(scores(read) == scores(model) && scores(read).allSatisfy(\.isFinite))
        }
    }

    /// Vocabularies tell ids apart by their bytes; so must the file, where Unicode has two spellings of a letter.
    @Test func keepsIdsThatDifferInBytesOnly() throws {
        let ids = ["caf\u{E9}", "cafe\u{301}", " a,b\"", "\u{1}", String(repeating: "x", count: 10_000), "-0"]
        let model = TrainedModel(
            parameters: Parameters(initializing: Shape.all[0].architecture(items: ids.count), seed: 1), items: Vocabulary(ids))
        try withTemporaryFolder { folder in
            try model.save(to: folder + "/m")
            let read = try TrainedModel(contentsOf: folder + "/m")
            #expect(read.items == Vocabulary(ids))
            #expect(read.items?.index(of: "cafe\u{301}") == 1)
        }
    }

    /// A bare `state_dict`: the same tensors, PyTorch's metadata or none.
    @Test(arguments: Shape.all)
    func readsABareStateDict(_ shape: Shape) throws {
        let model = TrainedModel.fresh(shape.architecture(items: 40))
        try withTemporaryFolder { folder in
            try model.save(to: folder + "/own")
            for metadata in [nil, ["format": "pt"]] {
                var file = try SafeTensorsFile(contentsOf: folder + "/own")
                file.header["__metadata__"] = metadata
                try file.write(to: folder + "/bare")
                let read = try TrainedModel(contentsOf: folder + "/bare", activations: shape.placement)
                #expect(read.architecture == model.architecture)
                #expect(read.parameters?.bits == model.parameters?.bits)
                #expect(read.items == nil && read.titles.isEmpty && read.clicks.isEmpty && read.card == ModelCard())
                #expect(try TrainedModel(contentsOf: folder + "/bare").architecture?.activations == .paper)
            }
        }
    }

    @Test func namesWhatIsMissingOrInTheWay() throws {
        try withTemporaryFolder { folder in
            for path in ["/none", "/none/at/all", ""] {
                #expect(throws: FoldinError.self) { try TrainedModel(contentsOf: folder + path) }
                let error = try #require(try problem { _ = try TrainedModel(contentsOf: folder + path) })
                #expect(error.kind == .missingInput && error.file == folder + path)
            }
            let model = TrainedModel.fresh(Shape.all[0].architecture(items: 4))
            let error = try #require(try problem { try model.save(to: folder + "/none/m") })
            #expect(error.kind == .cannotCreate)
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder).isEmpty)
        }
    }
}

/// The `FoldinError` that `body` throws, or nil if it throws none; other errors pass.
func problem(_ body: () throws -> Void) throws -> FoldinError? {
    do {
        try body()
        return nil
    } catch let error as FoldinError {
        return error
    }
}

/// A safetensors file taken apart by means of its own, to be changed and put together again.
struct SafeTensorsFile {
    var header: [String: Any]
    var numbers: Data

    init(contentsOf path: String) throws {
        let data = try Data(contentsOf: URL(filePath: path))
        let length = data.prefix(8).enumerated().reduce(0) { $0 + Int($1.element) << (8 * $1.offset) }
        header = try #require(try JSONSerialization.jsonObject(with: data[8..<8 + length]) as? [String: Any])
        numbers = Data(data[(8 + length)...])
    }

    /// Changes what the header says of a tensor.
    mutating func set(_ field: String, of tensor: String, to value: Any?) {
        var entry = header[tensor] as? [String: Any] ?? [:]
        entry[field] = value
        header[tensor] = entry
    }

    /// Changes the metadata.
    mutating func set(_ name: String, to value: String?) {
        var metadata = header["__metadata__"] as? [String: Any] ?? [:]
        metadata[name] = value
        header["__metadata__"] = metadata
    }

    func metadata(_ name: String) -> String {
        (header["__metadata__"] as? [String: Any])?[name] as? String ?? ""
    }

    var data: Data {
        get throws {
            let text = try JSONSerialization.data(withJSONObject: header, options: [.sortedKeys])
            return SafeTensorsFile.length(text.count) + text + numbers
        }
    }

    func write(to path: String) throws { try data.write(to: URL(filePath: path)) }

    /// The eight bytes that begin a file.
    static func length(_ count: Int) -> Data { withUnsafeBytes(of: UInt64(count).littleEndian) { Data($0) } }
}
