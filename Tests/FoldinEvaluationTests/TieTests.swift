import FoldinInteractions
import FoldinKernels
import Testing

@testable import FoldinEvaluation

@Suite("Lists decided by equal scores") struct TieTests {
    private static func ties(_ scores: [[Float]], foldIn: [[Int]]? = nil, cutoff: Int = 3) throws -> UserMetrics.Ties {
        let items = scores[0].count
        let users = HeldOutUsers(
            userIndices: scores.indices.map { Int32($0) },
            foldIn: InteractionMatrix(rows: foldIn ?? scores.map { _ in [] }, itemCount: items),
            heldOut: InteractionMatrix(rows: scores.map { _ in [items - 1] }, itemCount: items))
        return try Evaluator([.ndcg(at: cutoff)], workers: Workers(count: 2)).userMetrics(TableScorer(table: scores), on: users)
            .ties
    }

    @Test func countsListsByTheirShareOfTies() throws {
        let ties = try Self.ties([[1, 1, 1, 1, 1], [5, 4, 3, 2, 1], [5, 5, 3, 2, 1], [2, 2, 2, 1, 1]])
        // Of three places: all tied; none; one of two neighbours; all, though the catalogue's end is not.
        #expect(ties.lists == 4 && ties.allTied == 2 && ties.mostlyTied == 3 && ties.unscored == 0)
        #expect(try Self.ties([[1, 1, 1, 0, 0]], cutoff: 5).allTied == 0)
    }

    /// Fold-in items are not ranked, and a list of one item is not counted.
    @Test func ignoresFoldInItems() throws {
        let ties = try Self.ties([[9, 1, 1], [3, 2, 1]], foldIn: [[0], [0, 1]])
        #expect(ties.lists == 1 && ties.allTied == 1)
    }

    @Test func countsScoresThatAreNotFinite() throws {
        #expect(try Self.ties([[.infinity, 1, 2], [1, 2, 3]]).unscored == 1)
    }
}
