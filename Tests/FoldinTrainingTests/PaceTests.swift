import Foundation
import Testing

@testable import FoldinTraining

/// The learning rate over time, and the end of training, against PyTorch's schedulers (`Tests/Reference/schedule_reference.py`).
@Suite("Learning rate and early stopping") struct PaceTests {
    struct Fixture: Decodable {
        struct Case: Decodable {
            let kind: String
            let patience: Int
            let scores: [Double]
            let rates: [Double]
            let stops: Int?
        }
        let plateau: [Case]
        let cosine: [Double]
        let linear: [Double]

        static let read: Result<Fixture, Error> = Result {
            let url = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures/schedule.json")
            return try JSONDecoder().decode(Fixture.self, from: Data(contentsOf: url))
        }
    }

    @Test func cutsWherePyTorchCuts() throws {
        let cases = try Fixture.read.get().plateau
        #expect(cases.count == 36 && cases.contains { $0.rates.last == 0.001 } && cases.contains { ($0.rates.last ?? 1) < 1e-5 })
        for (number, fixture) in cases.enumerated() {
            let score = try #require(Schedule.Score(rawValue: fixture.kind))
            var state = PlateauState()
            let rates = fixture.scores.map { value in
                Plateau(patience: fixture.patience).take(value, of: score, learningRate: 0.001, into: &state)
                return state.learningRate ?? 0.001
            }
            #expect(rates == fixture.rates, "case \(number)")
        }
    }

    @Test func stopsWherePyTorchWouldCut() throws {
        let cases = try Fixture.read.get().plateau
        #expect(cases.contains { $0.stops == nil } && cases.contains { $0.stops != nil })
        for (number, fixture) in cases.enumerated() {
            let score = try #require(Schedule.Score(rawValue: fixture.kind))
            var best: (value: Double, number: Int)?
            let stop = fixture.scores.indices.first { index in
                let value = fixture.scores[index]
                if score.isBetter(value, than: best?.value) { best = (value, index) }
                return index - (best?.number ?? 0) >= fixture.patience + 1
            }
            #expect(stop.map { $0 + 1 } == fixture.stops, "case \(number)")
        }
    }

    static func rates(_ schedule: Schedule, updatesPerEpoch: Int) -> [Float] {
        (0..<schedule.epochs * updatesPerEpoch).map {
            schedule.learningRate(after: $0, updatesPerEpoch: updatesPerEpoch, plateau: PlateauState())
        }
    }

    static func near(_ rates: [Float], _ expected: [Double]) -> Bool {
        rates.count == expected.count && zip(rates, expected).allSatisfy { abs(Double($0) - $1) <= 1e-6 * $1 }
    }

    @Test func followsPyTorchsSchedules() throws {
        let fixture = try Fixture.read.get()
        #expect(Self.near(Self.rates(Schedule(epochs: 10, pace: .cosine(to: 1e-4)), updatesPerEpoch: 4), fixture.cosine))
        #expect(Self.near(Self.rates(Schedule(epochs: 5, pace: .linear(to: 1e-4)), updatesPerEpoch: 8), fixture.linear))
        #expect(Self.rates(Schedule(epochs: 2), updatesPerEpoch: 2) == [1e-3, 1e-3, 1e-3, 1e-3])
    }

    /// Eight updates: the warm-up ends at the full rate, which falls from there.
    @Test func warmsUp() {
        func rates(_ pace: Schedule.Pace, _ warmUp: Schedule.WarmUp) -> [Float] {
            Self.rates(Schedule(epochs: 4, learningRate: 1, pace: pace, warmUp: warmUp), updatesPerEpoch: 2)
        }
        #expect(Self.near(rates(.constant, .updates(4)), [0.25, 0.5, 0.75, 1, 1, 1, 1, 1]))
        #expect(Self.near(rates(.linear(to: 0), .epochs(2)), [0.25, 0.5, 0.75, 1, 1, 0.75, 0.5, 0.25]))
        #expect(Self.near(rates(.cosine(to: 0.2), .epochs(1.5)).prefix(4).map { $0 }, [1 / 3, 2 / 3, 1, 1]))
        #expect(rates(.constant, .updates(100)).last == 0.08)
        let cut = PlateauState(best: 1, evaluationsWithout: 0, learningRate: 0.5)
        let schedule = Schedule(epochs: 9, learningRate: 1, pace: .plateau(Plateau()), warmUp: .updates(2))
        #expect((0..<3).map { schedule.learningRate(after: $0, updatesPerEpoch: 1, plateau: cut) } == [0.25, 0.5, 0.5])
    }
}
