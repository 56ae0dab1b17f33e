import FoldinInteractions
import FoldinKernels
import FoldinModels
import FoldinSupport
import FoldinTestSupport
import Foundation
import Testing

@testable import FoldinBaselines

@Suite("Baselines") struct BaselineTests {
    /// Many more items than one block of the inverse or one piece of the neighbours has.
    static let matrix = InteractionMatrix(
        rows: (0..<900).map { user in (0..<12).map { (user * 37 + $0 * $0 * 11 + $0 * (user % 13)) % 700 } }, itemCount: 700)

    static let all: [BaselinePlan] =
        ClosedFormFamily.all.map { BaselinePlan($0) } + [ClosedFormFamily.ease, .edlae].map(keepingTwenty)

    static func keepingTwenty(_ family: ClosedFormFamily) -> BaselinePlan {
        var plan = BaselinePlan(family)
        do { try plan.set("keep", to: "20") } catch { Issue.record(error) }
        return plan
    }

    @Test(arguments: all)
    func isTheSameToTheBitForAnyNumberOfThreads(_ plan: BaselinePlan) throws {
        func bytes(_ threads: Int) throws -> Data {
            let model = TrainedModel(try plan.baseline.fitted(Self.matrix, threads: threads))
            let folder = try TemporaryFolder()
            try model.save(to: folder.path + "/m")
            return try Data(contentsOf: URL(filePath: folder.path + "/m"))
        }
        let alone = try bytes(1)
        for threads in [2, 3, 5] {
            let again = try bytes(threads)
            #expect(again == alone, "\(plan.summary) with \(threads) threads")
        }
    }

    /// A user scored alone, in company and by any number of threads has the same scores; nobody's are not numbers.
    @Test(arguments: all)
    func scoresAUserTheSameInAnyCompany(_ plan: BaselinePlan) throws {
        let model = TrainedModel(try plan.baseline.fitted(Self.matrix))
        let people = InteractionMatrix(rows: [[3, 4, 600], [], [699], Array(0..<90)], itemCount: 700)
        func scores(_ rows: Range<Int>, _ threads: Int) -> [Float] {
            var scores = [Float](repeating: .nan, count: rows.count * 700)
            model.score(people, rows: rows, into: &scores, workers: Workers(count: threads))
            return scores
        }
        let together = scores(0..<4, 3)
        #expect(together.allSatisfy { $0.isFinite })
        for row in 0..<4 { #expect(scores(row..<row + 1, 1) == Array(together[row * 700..<(row + 1) * 700])) }
    }

    @Test(arguments: all)
    func stopsWhenCancelled(_ plan: BaselinePlan) {
        #expect(throws: CancellationError.self) {
            try plan.baseline.fit(Self.matrix, workers: Workers(count: 2), isCancelled: { true }, progress: { _ in })
        }
    }

    /// The heaviest weights to each item, by sorting the dense model's columns.
    @Test(arguments: [1, 20, 699, 700, 5000])
    func keepsTheHeaviestWeights(_ keep: Int) throws {
        guard let all = try EDLAE().fitted(Self.matrix) as? ItemWeights,
            let kept = try EDLAE(keep: keep).fitted(Self.matrix) as? ItemNeighbours
        else {
            Issue.record("other kinds of model")
            return
        }
        #expect(kept.kind == .edlae)
        let weights = all.weights.values
        var starts = [0]
        for item in 0..<700 {
            let column = (0..<700).map { weights[$0 * 700 + item] }
            let heaviest = column.indices.filter { column[$0] != 0 }
                .sorted { (-column[$0].magnitude, $0) < (-column[$1].magnitude, $1) }.prefix(keep).sorted()
            let lists = kept.neighbours
            let own = lists.starts[item]..<lists.starts[item + 1]
            #expect(lists.items[own].map(Int.init) == heaviest && Array(lists.weights[own]) == heaviest.map { column[$0] })
            starts.append(own.upperBound)
        }
        #expect(starts == kept.neighbours.starts)
    }

    @Test func saysWhatMemoryItWouldNeed() throws {
        for baseline in [EASE(availableMemory: 1_000_000), EDLAE(availableMemory: 1_000_000)] as [any Baseline] {
            let error = #expect(throws: FoldinError.self) { try baseline.fitted(Self.matrix) }
            // 700 x 700 and 2 x 256 x 700 numbers of 4 bytes.
            #expect(
                error?.kind == .usage && error?.found.contains("700 items") == true
                    && error?.expected.contains("items at most") == true)
        }
        let big = InteractionMatrix(rows: [[0, 1]], itemCount: 40_981)
        let error = #expect(throws: FoldinError.self) { try EASE(availableMemory: 4_000_000_000).fitted(big) }
        #expect(
            error?.found.contains("6.8 GB with 4 GB") == true || error?.found.contains("6.8 GB with 4.0 GB") == true,
            "\(String(describing: error))")
        _ = try EASE(availableMemory: ItemRegression.memory(items: 700)).fitted(Self.matrix)
    }

    @Test func refusesOptionsThatCannotBe() {
        for baseline in [
            EASE(lambda: 0), EASE(lambda: -1), EASE(lambda: .infinity), EASE(lambda: .nan), EDLAE(dropout: 1),
            EDLAE(dropout: -0.1),
            EDLAE(dropout: 0, lambda: 0), EDLAE(lambda: .nan), ItemKNN(neighbours: 0), ItemKNN(shrinkage: -1),
            ItemKNN(shrinkage: .nan),
        ] as [any Baseline] {
            let error = #expect(throws: FoldinError.self) { try baseline.fitted(Self.matrix) }
            #expect(error?.kind == .usage, "\(baseline)")
        }
        // Two items that everybody has both of, and hardly a penalty.
        let twins = InteractionMatrix(rows: (0..<9).map { _ in [0, 1] }, itemCount: 3)
        let error = #expect(throws: FoldinError.self) { try EDLAE(dropout: 0, lambda: 1e-12).fitted(twins) }
        #expect(error?.expected.contains("lambda") == true)
    }

    @Test(arguments: all)
    func plansReadBackWhatTheyWrite(_ plan: BaselinePlan) throws {
        var again = BaselinePlan(plan.family)
        for (name, value) in plan.options where name != "model" { try again.set(name, to: value) }
        #expect(again == plan && plan.options["model"] == plan.family.name)
        #expect(plan.baseline.options.merging(["model": plan.family.name]) { $1 } == plan.options)
        for name in plan.family.options.map(\.name) {
            #expect(!BaselinePlan.help(for: name).isEmpty)
            for bad in ["", "x", "nan", "-1", "1e999"] {
                let error = #expect(throws: FoldinError.self) { try again.set(name, to: bad) }
                #expect(error?.kind == .usage && error?.found.contains(name) == true)
            }
        }
        #expect(throws: FoldinError.self) { try again.set("epochs", to: "3") }
        let grid = BaselinePlan.grid(plan.family)
        #expect(Set(grid.map(\.summary)).count == grid.count && !grid.isEmpty)
    }

    @Test func neighboursAreWholeNumbers() {
        var plan = BaselinePlan(.itemKNN)
        #expect(throws: FoldinError.self) { try plan.set("neighbours", to: "2.5") }
        #expect(throws: FoldinError.self) { try plan.set("neighbours", to: "0") }
    }
}
