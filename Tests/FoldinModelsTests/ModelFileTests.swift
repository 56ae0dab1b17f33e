import FoldinInteractions
import FoldinKernels
import FoldinSupport
import FoldinTestSupport
import Foundation
import Testing

@testable import FoldinModels

@Suite("Model files") struct ModelFileTests {
    @Test(arguments: SmallNetwork.all)
    func aModelIsTheSameAfterSavingAndReading(_ network: SmallNetwork) throws {
        // Wider than one block of the transposition.
        let model = TrainedModel.fresh(network.architecture(items: 70, dropout: 0.1))
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

    @Test func aModelScoresTheSameAfterReading() throws {
        for network in SmallNetwork.all {
            let model = TrainedModel.fresh(network.architecture(items: 70))
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
    @Test func idsThatDifferInBytesOnlyAreKept() throws {
        let ids = ["caf\u{E9}", "cafe\u{301}", " a,b\"", "\u{1}", String(repeating: "x", count: 10_000), "-0"]
        let model = TrainedModel(
            SmallNetwork.all[0].autoencoder(items: ids.count), items: Vocabulary(ids))
        try withTemporaryFolder { folder in
            try model.save(to: folder + "/m")
            let read = try TrainedModel(contentsOf: folder + "/m")
            #expect(read.items == Vocabulary(ids))
            #expect(read.items?.index(of: "cafe\u{301}") == 1)
        }
    }

    /// A bare `state_dict`: the same tensors, PyTorch's metadata or none.
    @Test(arguments: SmallNetwork.all)
    func aBareStateDictIsRead(_ network: SmallNetwork) throws {
        let model = TrainedModel.fresh(network.architecture(items: 40))
        try withTemporaryFolder { folder in
            try model.save(to: folder + "/own")
            for metadata in [nil, ["format": "pt"]] {
                var file = try SafeTensorsFile(contentsOf: folder + "/own")
                file.header["__metadata__"] = metadata
                try file.write(to: folder + "/bare")
                let read = try TrainedModel(contentsOf: folder + "/bare", activations: network.placement)
                #expect(read.architecture == model.architecture)
                #expect(read.parameters?.bits == model.parameters?.bits)
                #expect(read.items == nil && read.titles.isEmpty && read.clicks.isEmpty && read.card == ModelCard(foldin: nil))
                #expect(try TrainedModel(contentsOf: folder + "/bare").architecture?.activations == .paper)
            }
        }
    }

    @Test func missingFilesAndFoldersAreNamed() throws {
        try withTemporaryFolder { folder in
            for path in ["/none", "/none/at/all", ""] {
                #expect(throws: FoldinError.self) { try TrainedModel(contentsOf: folder + path) }
                let error = try #require(try foldinError { _ = try TrainedModel(contentsOf: folder + path) })
                #expect(error.kind == .missingInput && error.file == folder + path)
            }
            let model = TrainedModel.fresh(SmallNetwork.all[0].architecture(items: 4))
            let error = try #require(try foldinError { try model.save(to: folder + "/none/m") })
            #expect(error.kind == .cannotCreate)
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder).isEmpty)
        }
    }
}
