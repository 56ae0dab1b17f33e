import Foldin
import Foundation
import Testing

/// `--precision` of the built command: it trains where the processor can, and says what is missing where it cannot.
@Suite("--precision") struct PrecisionOptionTests {
    struct Record: Decodable { let options: [String: String] }
    struct Bench: Decodable { let precision: String }

    @Test func trainsOrRefuses() throws {
        let run = try TrainedRun(training: false)
        let plain = try decode(Record.self, run.train("plain", "--json"))
        #expect(plain.options["precision"] == "fp32")
        let rounded = try run.train("rounded", "--precision", "bf16", "--json")
        let bench = try run.foldin(
            "bench", "step", "--users", "20", "--items", "40", "--mean-interactions", "4", "--batch-size", "10", "--steps", "2",
            "--hidden", "8", "--latent", "4", "--precision", "bf16", "--json")
        if Precision.bfloat16.isAvailable {
            #expect(try decode(Record.self, rounded).options["precision"] == "bf16")
            #expect(try run.bytes("rounded/model.safetensors") != run.bytes("plain/model.safetensors"))
            #expect(try run.foldin("evaluate", run.folder.path + "/rounded/model.safetensors", run.data).status == 0)
            #expect(try decode(Bench.self, bench).precision == "bf16")
        } else {
            for outcome in [rounded, bench] {
                #expect(outcome.status == 64 && outcome.output.isEmpty && outcome.errors.contains("AVX512_BF16"))
            }
            #expect(!FileManager.default.fileExists(atPath: run.folder.path + "/rounded"))
        }
    }
}
