import FoldinEvaluation
import Testing

@testable import FoldinTraining

/// Beta worked out by hand.
@Suite("Annealing") struct ScheduleTests {
    static func betas(_ annealing: Schedule.Annealing, epochs: Int = 200, updatesPerEpoch: Int, after: [Int]) -> [Float] {
        let schedule = Schedule(epochs: epochs, annealing: annealing)
        return after.map { schedule.beta(after: $0, updatesPerEpoch: updatesPerEpoch) }
    }

    @Test func constant() {
        #expect(Self.betas(.constant(0.3), updatesPerEpoch: 10, after: [0, 1, 5_000]) == [0.3, 0.3, 0.3])
    }

    /// Liang et al.'s notebook: updates / 200,000, at most 0.2.
    @Test func linearOverUpdates() {
        let annealing = Schedule.Annealing.linear(to: 0.2, overUpdates: 200_000)
        #expect(
            Self.betas(annealing, updatesPerEpoch: 233, after: [0, 1, 20_000, 39_999, 40_000, 40_001, 1_000_000])
                == [0, 0.000005, 0.1, 0.199995, 0.2, 0.2, 0.2])
    }

    /// The article: `total = steps_per_epoch * (epochs - floor(0.15 * epochs)) / cap`, `beta = min(cap, updates / total)`.
    @Test(arguments: [1, 2, 6, 7, 13, 20, 40, 50, 60, 100, 199, 200, 300, 1_000])
    func byTheArticlesRule(epochs: Int) {
        for (steps, cap) in [(10, 0.2), (1, 1), (233, 0.4)] {
            let total = Double(steps * (epochs - epochs * 15 / 100)) / cap
            for updates in [0, 1, steps, steps * epochs / 2, Int(total * cap), steps * epochs, 10 * steps * epochs] {
                let beta = Self.betas(
                    .linear(to: Float(cap), byFractionOfEpochs: 0.85), epochs: epochs, updatesPerEpoch: steps, after: [updates])[
                        0]
                #expect(abs(Double(beta) - min(cap, Double(updates) / total)) < 1e-6)
            }
        }
    }

    /// ML-1M's figures: 4,834 training users make 10 updates, 170 of 200 epochs grow.
    @Test func byTheArticlesRuleInFigures() {
        #expect(Schedule().updatesPerEpoch(users: 4_834) == 10)
        #expect(
            Self.betas(
                .linear(to: 0.2, byFractionOfEpochs: 0.85), updatesPerEpoch: 10, after: [0, 17, 850, 1_699, 1_700, 2_000])
                == [0, 0.002, 0.1, Float(0.2 * 1_699 / 1_700.0), 0.2, 0.2])
    }

    /// A fraction that makes a whole number of epochs makes that number, whatever its rounding.
    @Test(arguments: [(10, 0.9, 9), (10, 0.7, 7), (10, 0.1, 1), (100, 0.55, 55), (10, 1, 10), (10, 0.85, 9), (3, 0.01, 1)])
    func reachesItsCapInTime(epochs: Int, fraction: Double, growing: Int) {
        let betas = Self.betas(
            .linear(to: 0.5, byFractionOfEpochs: fraction), epochs: epochs, updatesPerEpoch: 4,
            after: [4 * growing - 1, 4 * growing])
        #expect(betas[0] < 0.5 && betas[1] == 0.5)
    }

    @Test func reachesItsCapAtAnEpoch() {
        #expect(Self.betas(.linear(to: 0.4, byEpoch: 5), updatesPerEpoch: 4, after: [0, 10, 20, 21]) == [0, 0.2, 0.4, 0.4])
    }

    /// What is said on start, in clear units.
    @Test(
        arguments: [
            (.linear(to: 0.2, byEpoch: 85), 95, "beta grows to 0.2 over 8,075 updates (85 epochs of 95 updates), then stays"),
            (
                .linear(to: 0.2, overUpdates: 200_000), 233,
                "beta grows to 0.2 over 40,000 updates (171.7 epochs of 233 updates), then stays"
            ),
            (
                .linear(to: 0.2, overUpdates: 200_000), 10,
                "beta grows to 0.009995; its cap of 0.2 would take 40,000 updates (4,000 epochs of 10 updates)"
            ),
            (
                .linear(to: 1, byFractionOfEpochs: 0.85), 10,
                "beta grows to 1 over 1,700 updates (170 epochs of 10 updates), then stays"
            ),
            (.constant(0.3), 10, "beta is 0.3 throughout"),
            (
                .searching(.epochs(200)), 1_234_567,
                "beta grows to 1 over 246,913,400 updates (200 epochs of 1,234,567 updates); then a second training grows it at the same speed to its value at the first one's best validation ndcg@100"
            ),
        ] as [(Schedule.Annealing, Int, String)])
    func saysWhatBetaDoes(annealing: Schedule.Annealing, updatesPerEpoch: Int, expected: String) {
        #expect(Schedule(annealing: annealing).annealingSummary(updatesPerEpoch: updatesPerEpoch) == expected)
    }

    @Test func capOfZeroStaysZero() {
        #expect(Self.betas(.linear(to: 0, byFractionOfEpochs: 0.85), updatesPerEpoch: 3, after: [0, 5, 10_000]) == [0, 0, 0])
        #expect(Schedule(annealing: .constant(0)).validationError == nil)
    }

    @Test func theReferencesDefaults() {
        let schedule = Schedule()
        #expect(schedule.epochs == 200 && schedule.batchSize == 500 && schedule.patience == 20)
        #expect(schedule.optimizer.learningRate == 1e-3 && schedule.optimizer.decoupledDecay == 0)
        #expect(schedule.metric == .ndcg(at: 100) && schedule.validationError == nil)
        #expect(schedule.annealing == .linear(to: 0.2, byFractionOfEpochs: 0.85))
        #expect([1, 500, 501].map(schedule.updatesPerEpoch) == [1, 1, 2])
    }
}
