import FoldinInteractions
import FoldinKernels
import FoldinTestSupport
import Foundation
import Testing

@testable import FoldinModels

@Suite("RecVAE's model") struct RecVAEModelTests {
    @Test func aModelIsTheSameAfterSavingAndReading() throws {
        let architecture = RecVAEArchitecture(items: 70, width: 9, depth: 3, latent: 4, dropout: 0.5)
        let network = RecVAEModel(initializing: architecture, seed: 3)
        let model = TrainedModel.complete(network)
        let parameters = network.parameters
        for tensor in parameters.norms.flatMap({ [$0.gain, $0.shift] }) { tensor.pointer[2] = 0.25 }
        try withTemporaryFolder { folder in
            try model.save(to: folder + "/a")
            let read = try TrainedModel(contentsOf: folder + "/a")
            let other = try #require(read.model as? RecVAEModel)
            #expect(other.parameters.bits == parameters.bits && other.architecture == architecture)
            #expect(read.items == model.items && read.titles == model.titles && read.card == model.card)
            #expect(read.summary == "rec-vae I-9-9-9-4-I" && read.parameters == nil)
            let similarities = try #require(model.similarities(to: 3))
            #expect(read.similarities(to: 3) == similarities)
            try read.save(to: folder + "/b")
            let bytes = try ["a", "b"].map { try Data(contentsOf: URL(filePath: folder + "/\($0)")) }
            #expect(bytes[0] == bytes[1])
            // A bare `state_dict` is recognised by its layer norms.
            var file = try SafeTensorsFile(contentsOf: folder + "/a")
            file.header["__metadata__"] = nil
            try file.write(to: folder + "/bare")
            let bare = try #require(try TrainedModel(contentsOf: folder + "/bare").model as? RecVAEModel)
            #expect(bare.parameters.bits == parameters.bits)
        }
    }

    /// Descriptions that only a file can have.
    @Test(arguments: [
        ("paper", "paper", nil),
        (#""encoder":[4,4],"encoderDropout":[0.5,0,0]"#, #""encoder":[],"encoderDropout":[0]"#, "without hidden layers"),
        (#""encoder":[4,4]"#, #""encoder":[4,5]"#, "4 and 5"),
        (#""decoder":[],"decoderDropout":[0]"#, #""decoder":[4],"decoderDropout":[0,0]"#, "decoder is linear"),
        ("[0.5,0,0]", "[0.5,0.1,0]", "input alone"), ("paper", "article", "no tanh"),
    ])
    func anInvalidArchitectureIsNamed(old: String, new: String, expected: String?) throws {
        let architecture = RecVAEArchitecture(items: 5, width: 4, depth: 2, latent: 3, dropout: 0.5)
        let text = try json(architecture)
        let changed = text.replacing(old, with: new)
        #expect(expected == nil || changed != text, "no \(old) in \(text)")
        let error = try JSONDecoder().decode(RecVAEArchitecture.self, from: Data(changed.utf8)).validationError
        if let expected { #expect(error?.contains(expected) == true, "\(error ?? "none")") } else { #expect(error == nil) }
    }
}
