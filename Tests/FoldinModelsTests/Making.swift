import FoldinInteractions
import FoldinKernels
import FoldinTestSupport
import Foundation
import Testing

@testable import FoldinModels

/// A small network, as the parameterised tests name it.
struct Shape: Sendable, CustomTestStringConvertible {
    let family: Architecture.Family
    /// Linear layers in the encoder, and as many in the decoder.
    let depth: Int
    let placement: Architecture.Activations

    var testDescription: String { "\(family.rawValue) depth \(depth) \(placement.rawValue)" }

    /// Mult-VAE and Mult-DAE, depths 1 to 3, both placements of tanh.
    static let all = Architecture.Family.plain.flatMap { family in
        [1, 2, 3].flatMap { depth in
            Architecture.Activations.allCases.map { Shape(family: family, depth: depth, placement: $0) }
        }
    }

    /// The network for `items`; `dropout` stands before every layer of both halves.
    func architecture(items: Int, dropout: Float = 0) -> Architecture {
        let encoder = [[], [9], [10, 7]][depth - 1]
        let decoder = [[], [8], [6, 9]][depth - 1]
        return Architecture(
            family: family, items: items, encoder: encoder, latent: 5, decoder: decoder,
            encoderDropout: (encoder + [0]).map { _ in dropout }, decoderDropout: (decoder + [0]).map { _ in dropout },
            activations: placement)
    }
}

extension Architecture.Family {
    /// Those of alternating linear maps and tanh.
    static let plain = [multVAE, multDAE]
}

extension Parameters {
    var tensors: [FloatBuffer] { buffers }

    /// The bytes of every number, so that equality is that of bits.
    var bits: [Data] { tensors.map { Data(bytes: $0.pointer, count: 4 * $0.count) } }
}

extension TrainedModel {
    /// A model of fresh weights whose items are called "i0", "i1" and so on, every other one titled.
    static func fresh(_ architecture: Architecture, seed: UInt64 = 3) -> TrainedModel {
        TrainedModel(
            parameters: Parameters(initializing: architecture, seed: seed),
            items: Vocabulary((0..<architecture.items).map { "i\($0)" }),
            titles: (0..<architecture.items).map { $0 % 2 == 0 ? "The \"\($0)\", né 映画" : nil },
            clicks: (0..<architecture.items).map { $0 * 7 % 5 },
            card: ModelCard(options: ["seed": "3"], metrics: ["validation ndcg@100": 0.25], dataChecksum: "00ff"))
    }
}

/// Runs `body` with the path of a folder that is there only for it.
func withTemporaryFolder<Result>(_ body: (String) throws -> Result) throws -> Result {
    let folder = FileManager.default.temporaryDirectory.appending(path: "foldin-models-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    return try body(folder.path(percentEncoded: false))
}

/// Numbers that look random and are the same in every run (Knuth's linear congruential generator).
struct Draws {
    private var state: UInt64

    init(seed: UInt64) { state = seed &* 2 &+ 1 }

    mutating func next() -> UInt32 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return UInt32(truncatingIfNeeded: state >> 32)
    }

    /// In 0 ..< bound.
    mutating func below(_ bound: Int) -> Int { Int((UInt64(next()) * UInt64(bound)) >> 32) }

    /// In -1 ..< 1.
    mutating func signed() -> Float { Float(next() >> 8) / Float(1 << 23) - 1 }
}
