import FoldinBaselines
import FoldinInteractions
import FoldinTestSupport
import FoldinTraining
import Testing

@testable import FoldinComparison

/// What an automatic search trains next, with values that a function makes up.
@Suite("The order of an automatic search") struct AutoSearchTests {
    /// All candidates until nothing is left; families of `slow` take too long.
    static func candidates(
        _ density: DataDensity, slow: Set<String> = [], value: (AutoSearch.Candidate) -> Double?
    ) throws -> [AutoSearch.Candidate] {
        var search = try AutoSearch(density, seed: 7)
        var all: [AutoSearch.Candidate] = []
        while let candidate = search.next() {
            try #require(all.count < 5_000, "the search does not end")
            all.append(candidate)
            let isSlow = slow.contains(candidate.plan.family)
            search.record(candidate, value: isSlow ? nil : value(candidate), isTooSlow: isSlow)
        }
        return all
    }

    /// A number from 0 to 1 by the text of the options, the same in each process.
    static func number(_ candidate: AutoSearch.Candidate) -> Double {
        Double(candidate.key.utf8.reduce(UInt64(14_695_981_039_346_656_037)) { ($0 ^ UInt64($1)) &* 1_099_511_628_211 } >> 40)
            / 0x1p24
    }

    @Test(arguments: [DataDensity.sparse, .dense])
    func triesEachModelOnceAndTheSameEachTime(_ density: DataDensity) throws {
        let all = try Self.candidates(density) { 0.9 + 0.1 * Self.number($0) }
        #expect(Set(all.map(\.key)).count == all.count)
        #expect(all == (try Self.candidates(density) { 0.9 + 0.1 * Self.number($0) }))
        let starts = ClosedFormFamily.all.flatMap { family in
            family.starts.filter { $0.density == nil || $0.density == density }.map { _ in family.name }
        }
        #expect(all.prefix(starts.count).map(\.plan.family) == starts)
        let networks = NetworkFamily.all.flatMap(\.starts).count
        let screened = all.dropFirst(starts.count).prefix(networks)
        #expect(screened.allSatisfy(\.isScreening) && screened.count == networks)
        let promoted = all.dropFirst(starts.count + networks).prefix((networks + 1) / 2)
        #expect(promoted.allSatisfy { !$0.isScreening && NetworkFamily(named: $0.plan.family) != nil })
        // The better half, at all epochs: four times as many.
        let best = screened.sorted { Self.number($0) > Self.number($1) }.prefix(promoted.count)
        for (screened, promoted) in zip(best, promoted) {
            let (few, many) = (try #require(screened.plan.epochs), try #require(promoted.plan.epochs))
            #expect(screened.plan.family == promoted.plan.family && (many + 3) / 4 == few)
        }
        for start in ClosedFormFamily.all.flatMap(\.starts) where start.density != nil && start.density != density {
            #expect(all.contains { candidate in start.options.allSatisfy { candidate.plan.options[$0] == $1 } })
        }
    }

    /// The best plan in reach of single steps is found: here the value falls with the distance from a point of the grid.
    @Test func movesToTheBestPlan() throws {
        let best = ["user-power": 1.0, "lambda": 3, "dropout": 0.8]
        let all = try Self.candidates(.sparse) { candidate in
            guard candidate.plan.family == "edlae" else { return 0.01 }
            return best.reduce(1) { $0 - 0.1 * abs($1.value - (Double(candidate.plan.options[$1.key] ?? "") ?? 9)) }
        }
        #expect(all.contains { candidate in best.allSatisfy { Double(candidate.plan.options[$0] ?? "") == $1 } })
        // Families far behind are not varied: one model for each start.
        #expect(all.filter { $0.plan.family == "item-knn" }.count == 1)
    }

    @Test func goesOnWithoutWhatFailsOrIsTooSlow() throws {
        let all = try Self.candidates(.dense, slow: ["edlae"]) { $0.plan.family == "chebycf" ? nil : 0.5 }
        #expect(all.filter { $0.plan.family == "edlae" }.count == 1)
        #expect(all.filter { $0.plan.family == "chebycf" }.count == 1)
        #expect(all.filter { $0.plan.family == "item-knn" }.count > 1)
    }

    @Test func everyStartIsATraining() throws {
        for density in [DataDensity.sparse, .dense] {
            var search = try AutoSearch(density, seed: 7)
            while let candidate = search.next() {
                if case .network(let plan) = candidate.plan { _ = try plan.trainer() }
                search.record(candidate, value: nil)
            }
        }
    }

    @Test func networksAreShortenedToTheirTime() throws {
        var plan = TrainingPlan()
        try plan.set("epochs", to: "20")
        let network = ModelPlan.network(plan)
        #expect(try AutoTrainer.shortened(network, projected: 100, allotted: 50)?.epochs == 9)
        #expect(try AutoTrainer.shortened(network, projected: 100, allotted: 10) == nil)
        #expect(try AutoTrainer.shortened(.baseline(BaselinePlan(.popularity)), projected: 100, allotted: 50) == nil)
    }
}
