#if Service
import FoldinInteractions
import FoldinKernels
import FoldinMessages
import FoldinSupport
import FoldinTestSupport
import Foundation
import Testing

@testable import FoldinModels
@_spi(Fuzzing) @testable import FoldinService

/// Every kind of model on every route: replies are JSON with finite numbers for all weights.
@Suite("Service: kinds of models") struct FamilyTests {
    static let items = 6
    static let families = [
        "mult-vae", "mult-dae", "rec-vae", "ease", "edlae", "item-knn", "sparse-ease", "sparse-edlae", "mrf",
        "ials", "popularity", "blend",
    ]

    /// A model whose numbers are all multiplied by `scale`.
    static func model(_ family: String, scale: Float) -> TrainedModel {
        func scaled(_ parameters: Parameters) -> Parameters {
            for buffer in parameters.buffers { for place in 0..<buffer.count { buffer.pointer[place] *= scale } }
            return parameters
        }
        func autoencoder(_ family: Architecture.Family) -> Autoencoder {
            let architecture = Architecture(
                family: family, items: items, encoder: [3], latent: 2, decoder: [3], encoderDropout: [0, 0],
                decoderDropout: [0, 0])
            return Autoencoder(architecture, scaled(Parameters(initializing: architecture.network, seed: 3)))
        }
        let recVAE = RecVAEArchitecture(items: items, width: 3, latent: 2)
        let weights = (0..<items * items).map { $0 % (items + 1) == 0 ? 0 : Float($0 % 5 - 2) / 2 * scale }
        let lists = ItemNeighbours.Lists(
            starts: [0, 2, 3, 3, 5, 6, 6], items: [1, 3, 0, 0, 4, 3],
            weights: [0.5, 0.25, -0.5, 1, 0.75, 0.75].map { $0 * scale })
        let popularity = ItemPopularity(InteractionMatrix(rows: [[1, 2], [2, 3]], itemCount: items))
        let model: any Model =
            switch family {
            case "mult-vae": autoencoder(.multVAE)
            case "mult-dae": autoencoder(.multDAE)
            case "rec-vae": RecVAEModel(recVAE, scaled(Parameters(initializing: recVAE.network, seed: 3)))
            case "ease": ItemWeights(.ease, itemCount: items, weights: FloatBuffer(weights))
            case "edlae": ItemWeights(.edlae, itemCount: items, weights: FloatBuffer(weights))
            case "item-knn": ItemNeighbours(lists, family: .itemKNN)
            case "sparse-ease": ItemNeighbours(lists, family: .ease)
            case "sparse-edlae": ItemNeighbours(lists, family: .edlae)
            case "mrf": ItemNeighbours(lists, family: .mrf)
            case "popularity": popularity
            case "ials":
                ImplicitALSModel(
                    items: items, latent: 2, vectors: FloatBuffer([1, 0, 2, 1, 0, 3, 1, -2, 0, 0, -1, 1].map { $0 * scale }),
                    squares: [7, 15].map { $0 * scale * scale }, penalty: ImplicitALSPenalty(unobservedWeight: 0.1, lambda: 0.003)
                )
            default:
                Blend([
                    .init(popularity, weight: 1), .init(ItemNeighbours(lists), weight: -2),
                    .init(autoencoder(.multVAE), weight: 0.5),
                ])
            }
        return TrainedModel(
            model, items: Vocabulary((0..<items).map { "i\($0)" }), titles: (0..<items).map { $0 == 2 ? nil : "Film \($0)" },
            card: ModelCard(options: ["seed": "1"], metrics: ["ndcg": .infinity, "recall": 0.5]))
    }

    static func isJSON(_ body: [UInt8]) -> Bool { (try? JSONSerialization.jsonObject(with: Data(body))) != nil }

    @Test("every kind of model answers every route", arguments: families) func routes(family: String) async throws {
        let folder = try TemporaryFolder()
        try Self.model(family, scale: 1).save(to: folder.path + "/m")
        let answers = try OfflineAnswers(model: folder.path + "/m", events: folder.path + "/events")
        for (route, body, status) in [
            (OfflineAnswers.Route.recommend, #"{"history":["i1","i3"],"top":6}"#, 200),
            (.recommend, #"{"history":[],"top":1000,"offset":100000}"#, 200),
            (.recommend, #"{"history":["i1"],"allow":["i2","i1"],"exclude":["i5"]}"#, 200),
            (.recommend, #"{"history":["x"],"top":0}"#, 422),
            (.events, #"{"events":[{"user":"u","item":"i3","rating":4},{"user":"u","item":"i1","rating":-1e9}]}"#, 200),
            (.recommend, #"{"user":"u"}"#, 200),
            (.batch, #"{"requests":[{"history":["i0"]},{"user":"u"},{"history":["x"]}]}"#, 200),
            (.explain, #"{"history":["i0","i1","x"],"items":["i2","i0","y"],"top":1}"#, 200),
            (.explain, #"{"history":["x"],"items":["i2"]}"#, 200), (.items, "film 1", 200), (.items, "i2", 200),
            (.similar, "i3", family == "popularity" ? 422 : 200), (.similar, "x", 404), (.models, "", 200),
        ] {
            let reply = await answers.reply(to: route, Array(body.utf8))
            #expect(reply.status == status, "\(route) \(body): \(String(decoding: reply.body, as: UTF8.self))")
            #expect(Self.isJSON(reply.body), "\(route) \(body)")
        }
    }

    @Test("weights that make scores infinite or NaN are refused; others give finite scores", arguments: families)
    func extremeWeights(family: String) async throws {
        var (served, refused) = (0, 0)
        for scale: Float in [0, .leastNonzeroMagnitude, 1e-38, 1, 1e10, 1e18, 1e19, 1e25, 1e30, 1e36, 1e37, 1e38, 3e38] {
            let folder = try TemporaryFolder()
            do { try Self.model(family, scale: scale).save(to: folder.path + "/m") } catch { continue }
            let answers: OfflineAnswers
            do { answers = try OfflineAnswers(model: folder.path + "/m", events: nil) } catch let error as FoldinError {
                #expect(error.kind == .badData && scale > 1, "\(family) \(scale): \(error)")
                refused += 1
                continue
            }
            served += 1
            for subset in 1..<1 << Self.items {
                let ids = (0..<Self.items).filter { subset >> $0 & 1 == 1 }.map { "\"i\($0)\"" }.joined(separator: ",")
                let all = (0..<Self.items).map { "\"i\($0)\"" }.joined(separator: ",")
                for (route, body) in [
                    (OfflineAnswers.Route.recommend, "{\"history\":[\(ids)]}"),
                    (.explain, "{\"history\":[\(ids)],\"items\":[\(all)]}"),
                ] {
                    let reply = await answers.reply(to: route, Array(body.utf8))
                    #expect(reply.status == 200 && Self.isJSON(reply.body), "\(family) \(scale) \(route) \(body)")
                }
            }
            for item in 0..<Self.items where family != "popularity" {
                let reply = await answers.reply(to: .similar, Array("i\(item)".utf8))
                #expect(reply.status == 200 && Self.isJSON(reply.body), "\(family) \(scale) similar")
            }
        }
        // Popularity has no numbers to scale.
        #expect(served >= 4 && (refused > 0 || family == "popularity"), "\(served) served, \(refused) refused")
    }

    @Test("encoding NaN or infinity is an error") func invalidNumbers() {
        #expect(throws: EncodingError.self) { try JSON.buffer(["x": Double.infinity]) }
        #expect(throws: EncodingError.self) { try JSON.buffer([Float.nan]) }
    }

    @Test("similarities do not depend on the scale of vectors") func scaledVectors() throws {
        let plain = try #require(Self.model("mult-dae", scale: 1).similarities(to: 2))
        for scale: Float in [1e-30, 1e25] {
            let scaled = try #require(Self.model("mult-dae", scale: scale).similarities(to: 2))
            #expect(zip(plain, scaled).allSatisfy { abs($0 - $1) < 1e-5 }, "\(scale)")
        }
        #expect(try #require(Self.model("mult-dae", scale: 0).similarities(to: 2)).allSatisfy { $0 == 0 })
    }

    @Test("explanations have a limit of reasons") func explanationLimits() async throws {
        try await LiveService.with { service in
            let ids = (0..<500).map { "i\($0)" }
            let history = (0..<40).map { "i\($0)" }
            let problem = await #expect(throws: ProblemDocument.self) {
                try await service.client.explanations(of: ids, havingLiked: ids)
            }
            #expect(problem?.status == 422 && problem?.detail.contains("250000 reasons") == true)
            let all = try await service.client.explanations(of: ["i3", "i9"], havingLiked: history)
            let strongest = try await service.client.explanations(of: ["i3", "i9"], havingLiked: history, top: 5)
            for (explanation, short) in zip(all.explanations, strongest.explanations) {
                #expect(explanation.because.count == 40 && short.because == Array(explanation.because.prefix(5)))
            }
            #expect(try await service.client.explanations(of: ids, havingLiked: ids, top: 50).explanations.count == 40)
        }
    }
}
#endif
