import FoldinInteractions
import FoldinTestSupport
import Foundation
import Testing

@testable import FoldinModels

/// RecVAE's files with something wrong: refused with a message, never a trap.
@Suite("Hostile RecVAE files") struct HostileRecVAETests {
    typealias Harm = HostileModelFileTests.Harm

    static func whole() throws -> SafeTensorsFile {
        try withTemporaryFolder { folder in
            let architecture = RecVAEArchitecture(items: 6, width: 4, depth: 3, latent: 2, dropout: 0.5)
            try TrainedModel.complete(RecVAEModel(initializing: architecture, seed: 3)).save(to: folder + "/m")
            return try SafeTensorsFile(contentsOf: folder + "/m")
        }
    }

    private static let norm = "encode.q_layers.norm_1.weight"

    static let harms: [Harm] = [
        Harm("unequal widths", "4 and 5", HostileModelFileTests.edit("architecture", "[4,4,4]", "[4,5,4]")),
        Harm("no hidden layers", "dropout prob", HostileModelFileTests.edit("architecture", "[4,4,4]", "[]")),
        Harm("one layer more", "4 encoder dropout", HostileModelFileTests.edit("architecture", "[4,4,4]", "[4,4,4,4]")),
        Harm("gigantic layers", "expected shape", HostileModelFileTests.edit("architecture", "[4,4,4]", "[99999,99999,99999]")),
        Harm("tanh of the article", "no tanh", HostileModelFileTests.edit("architecture", "\"paper\"", "\"article\"")),
        Harm(
            "a decoder's layer", "decoder dropout",
            HostileModelFileTests.edit("architecture", "\"decoder\":[]", "\"decoder\":[4]")),
        Harm("another family", "a tensor \"encode", HostileModelFileTests.edit("architecture", "\"rec-vae\"", "\"mult-vae\"")),
        Harm("no layer norm", "no tensor \"\(norm)\"") { $0.header[norm] = nil },
        Harm("a layer norm of another width", "of shape [2, 2]") { $0.set("shape", of: norm, to: [2, 2]) },
        Harm("NaN in a layer norm", "NaN or infinite") { file in
            // The layer norms come last; the very last number is a shift.
            file.numbers.replaceSubrange(file.numbers.endIndex - 4..<file.numbers.endIndex, with: [0, 0, 0xC0, 0x7F])
        },
    ]

    @Test(arguments: harms)
    func aCorruptedFileIsRefused(_ harm: Harm) throws {
        var file = try Self.whole()
        #expect(try HostileModelFileTests.read(file.data) == nil)
        harm.change(&file)
        let error = try #require(try HostileModelFileTests.read(file.data), "\(harm)")
        #expect(error.exitStatus == 65 && error.file == "model")
        #expect(error.description.contains(harm.message), "\(harm): \(error)")
    }

    @Test func mutatedFilesAreReadOrRefused() throws {
        let whole = [UInt8](try Self.whole().data)
        var draws = Draws(seed: 2)
        var refused = 0
        for round in 0..<1_500 {
            var bytes = whole
            for _ in 0...draws.below(3) {
                let at = draws.below(bytes.count)
                switch draws.below(3) {
                case 0: bytes[at] ^= 1 << UInt8(draws.below(8))
                case 1: bytes[at] = Array("0123456789-[]{}\",:.eE")[draws.below(21)].asciiValue ?? 0
                default: bytes.remove(at: at)
                }
            }
            if let error = try HostileModelFileTests.read(Data(bytes)) {
                refused += 1
                #expect(error.exitStatus == 65, "round \(round): \(error)")
            }
        }
        #expect(refused > 300 && refused < 1_500)
    }
}
