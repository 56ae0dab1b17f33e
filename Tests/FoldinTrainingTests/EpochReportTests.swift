import FoldinEvaluation
import FoldinModels
import Foundation
import Testing

@testable import FoldinTraining

/// The line of `history.jsonl`, TensorBoard's figures and the text of an epoch.
@Suite("Epoch reports") struct EpochReportTests {
    static func report(beta: Float = 0, gamma: Float? = nil, divergence: Double = 4) -> EpochReport {
        EpochReport(
            epoch: 2, updates: 6, negativeLogLikelihood: 10, divergence: divergence, beta: beta, gamma: gamma, learningRate: 0.5,
            validation: nil, validationLoss: nil, isBest: false, isSearch: false, seconds: 1.5)
    }

    private func json(_ report: EpochReport) throws -> [String: Any] {
        try #require(try JSONSerialization.jsonObject(with: JSONEncoder().encode(report)) as? [String: Any])
    }

    @Test func hasEitherBetaOrGamma() throws {
        let (annealed, constant) = (Self.report(beta: 0.25), Self.report(gamma: 0.5))
        #expect(annealed.loss == 11 && constant.loss == 12)
        let (first, second) = (try json(annealed), try json(constant))
        #expect(first["beta"] as? Double == 0.25 && first["gamma"] == nil && first["loss"] as? Double == 11)
        #expect(second["gamma"] as? Double == 0.5 && second["beta"] == nil && second["loss"] as? Double == 12)
        #expect(annealed.description == "epoch   2  loss 11.00  beta 0.2500  1.5 s")
        #expect(constant.description == "epoch   2  loss 12.00  gamma 0.5000  1.5 s")
        #expect(Self.report(beta: 0.25, divergence: 0).description == "epoch   2  loss 10.00  1.5 s")
        #expect(annealed.scalars.map(\.tag).contains("beta") && !annealed.scalars.map(\.tag).contains("gamma"))
        #expect(constant.scalars.contains { $0.tag == "gamma" && $0.value == 0.5 })
        #expect(!constant.scalars.map(\.tag).contains("beta"))
        for report in [annealed, constant] {
            #expect(try JSONDecoder().decode(EpochReport.self, from: JSONEncoder().encode(report)) == report)
        }
    }

    /// Before gamma had a field of its own it was written as beta.
    @Test func readsHistoriesWithoutGamma() throws {
        let line =
            #"{"best":true,"beta":0.5,"divergence":4,"epoch":1,"loss":12,"negative_log_likelihood":10,"seconds":1,"updates":3}"#
        let report = try JSONDecoder().decode(EpochReport.self, from: Data(line.utf8))
        #expect(report.beta == 0.5 && report.gamma == nil && report.loss == 12 && report.learningRate == 0)
        let broken = Data(line.replacing(#""beta":0.5,"#, with: "").utf8)
        #expect(throws: DecodingError.self) { try JSONDecoder().decode(EpochReport.self, from: broken) }
    }

    @Test func trainingsReportTheirOwnWeight() throws {
        let dataset = Checkerboard.dataset()
        let schedule = Schedule(epochs: 1, batchSize: 20, metric: .ndcg(at: 9))
        for (configuration, gamma) in [
            (RecVAE(latent: 3, hidden: 4, gamma: 0.25) as any ModelConfiguration, Float(0.25)),
            (MultVAE(latent: 3, hidden: [4]), nil),
        ] {
            let report = try #require(try Trainer(configuration, schedule: schedule).run(on: dataset).history.first)
            #expect(report.gamma == gamma && (report.beta == 0) == (gamma != nil))
        }
    }
}
