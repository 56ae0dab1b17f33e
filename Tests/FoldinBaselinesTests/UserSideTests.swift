import FoldinInteractions
import FoldinKernels
import FoldinModels
import Testing

@testable import FoldinBaselines

/// EASE and EDLAE where users are fewer than items: by the inverse of the users' matrix instead of the items'.
@Suite("Regression by the users' side") struct UserSideTests {
    /// Users and items are both more than one block of the inverse; an item without clicks, a user without.
    static let matrix = InteractionMatrix(
        rows: (0..<300).map { user in
            user == 17 ? [] : (0..<12).map { (user * 37 + $0 * $0 * 11 + $0 * (user % 13)) % 699 }
        }, itemCount: 700)

    /// The same clicks with so many users without any that the items' side is the smaller one.
    static let withIdlers = InteractionMatrix(
        rowStarts: matrix.rowStarts + [Int](repeating: matrix.count, count: 300), columns: matrix.columns, itemCount: 700)

    private func weights(_ baseline: some Baseline, of matrix: InteractionMatrix = matrix, threads: Int = 2) throws -> [Float] {
        guard let model = try baseline.fitted(matrix, threads: threads) as? ItemWeights else {
            Issue.record("no item weights")
            return []
        }
        return model.weights.values
    }

    @Test("the heaviest weights are those of the matrix that is not made", arguments: [1, 20, 2_000])
    func keepsTheHeaviest(_ keep: Int) throws {
        for (userPower, relaxation) in [(0.0, 0.0), (0.7, 0.0), (0.7, 0.3)] {
            func model(_ keep: Int?) -> EDLAE {
                EDLAE(dropout: 0.4, lambda: 3, userPower: userPower, itemPower: 0.2, relaxation: relaxation, keep: keep)
            }
            let all = try weights(model(nil))
            let items = Self.matrix.itemCount
            for threads in [1, 3] {
                let kept = try #require(try model(keep).fitted(Self.matrix, threads: threads) as? ItemNeighbours)
                for item in 0..<items {
                    let column = (0..<items).map { abs(all[$0 * items + item]) }
                    let least = column.sorted(by: >)[min(keep, items) - 1]
                    for place in kept.neighbours.starts[item]..<kept.neighbours.starts[item + 1] {
                        let other = Int(kept.neighbours.items[place])
                        #expect(abs(kept.neighbours.weights[place] - all[other * items + item]) < 2e-6)
                        #expect(column[other] > least - 2e-6)
                    }
                    let count = kept.neighbours.starts[item + 1] - kept.neighbours.starts[item]
                    #expect(count <= keep && count >= min(keep, column.count { $0 > 1e-6 }))
                }
            }
        }
    }

    @Test(arguments: [1.0, 30, 500])
    func givesTheWeightsOfTheItemsSide(_ lambda: Double) throws {
        for baseline in [EASE(lambda: lambda), EDLAE(dropout: 0.4, lambda: lambda)] as [any Baseline] {
            let byUsers = try weights(baseline)
            let byItems = try weights(baseline, of: Self.withIdlers)
            let difference = zip(byUsers, byItems).reduce(0) { max($0, abs($1.0 - $1.1)) }
            #expect(difference < 2e-6)
            let cameTheSameWay = byUsers == byItems
            #expect(!cameTheSameWay)
            let largest = byItems.max() ?? 0
            #expect(largest > 1e-3)
        }
    }

    /// With memory for one matrix only it is that of the items.
    @Test func doesWithTheMemoryThereIs() throws {
        let wide = InteractionMatrix(rowStarts: Self.matrix.rowStarts, columns: Self.matrix.columns, itemCount: 1_500)
        let side = try #require(
            UserSide(clicks: wide.itemCounts().map(Double.init), penalties: .init(repeating: 500, count: 1_500), wide))
        #expect(side.memory(Workers(count: 2), keep: nil) < ItemRegression.memory(items: 1_500))
        // Where users are many, the room that the items' inverse needs is less than a second matrix.
        let many = InteractionMatrix(
            rowStarts: wide.rowStarts + [Int](repeating: wide.count, count: 800), columns: wide.columns, itemCount: 1_500)
        let all = try weights(EASE(availableMemory: .max), of: many)
        let little = try weights(EASE(availableMemory: ItemRegression.memory(items: 1_500)), of: many)
        let cameTheSameWay = all == little
        #expect(!cameTheSameWay)
        let difference = zip(all, little).reduce(0) { max($0, abs($1.0 - $1.1)) }
        #expect(difference < 2e-6)
    }

    @Test func isTheSameToTheBitForAnyNumberOfThreads() throws {
        let alone = try weights(EDLAE(), threads: 1)
        for threads in [2, 3, 5] {
            let isSame = try weights(EDLAE(), threads: threads) == alone
            #expect(isSame, "\(threads) threads")
        }
    }

    /// A penalty so small that a float's digits would be lost, or none at all, goes by the items' side.
    @Test func leavesSmallPenaltiesToTheItemsSide() throws {
        #expect(UserSide(clicks: [10, 3], penalties: [1, 1], InteractionMatrix(rows: [[0, 1]], itemCount: 2)) != nil)
        #expect(UserSide(clicks: [10, 3], penalties: [1, 0], InteractionMatrix(rows: [[0, 1]], itemCount: 2)) == nil)
        #expect(UserSide(clicks: [10, 3], penalties: [1e-3, 1], InteractionMatrix(rows: [[0, 1]], itemCount: 2)) == nil)
        #expect(UserSide(clicks: [10, 3], penalties: [1, 1], InteractionMatrix(rows: [[0], [1]], itemCount: 2)) == nil)
    }

    @Test func stopsWhenCancelledOnTheWay() throws {
        // Asked before the matrix, before each of its two blocks, and between the pieces of what follows.
        for asked in 1...4 {
            var count = 0
            #expect(throws: CancellationError.self) {
                try EASE().fit(
                    Self.matrix, workers: Workers(count: 2),
                    isCancelled: {
                        count += 1
                        return count == asked
                    }, progress: { _ in })
            }
        }
        var fractions: [Double] = []
        _ = try EASE().fit(
            Self.matrix, workers: Workers(count: 2), isCancelled: { false }, progress: { fractions.append($0) })
        #expect(fractions == fractions.sorted() && fractions.last == 1)
    }
}
