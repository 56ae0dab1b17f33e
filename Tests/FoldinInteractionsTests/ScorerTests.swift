import FoldinInteractions
import FoldinKernels
import Testing

@Suite("Scores as arrays") struct ScorerTests {
    /// Scores item `j` of a user with `n` clicks by `100 n + j`.
    struct Counting: Scorer {
        let itemCount: Int

        func score(
            _ histories: InteractionMatrix, rows: Range<Int>, into scores: UnsafeMutablePointer<Float>, workers: Workers
        ) {
            for (place, row) in rows.enumerated() {
                for item in 0..<itemCount { scores[place * itemCount + item] = Float(100 * histories.row(row).count + item) }
            }
        }
    }

    private static let histories = InteractionMatrix(rows: [[1, 2], [], [0, 1, 2], [2]], itemCount: 3)

    @Test func haveOneArrayPerUser() {
        let scores = Counting(itemCount: 3).scores(for: Self.histories)
        #expect(scores == [[200, 201, 202], [0, 1, 2], [300, 301, 302], [100, 101, 102]])
    }

    @Test func haveTheRequestedRowsOnly() {
        let scorer = Counting(itemCount: 3)
        #expect(
            scorer.scores(for: Self.histories, rows: 2..<4, workers: Workers(count: 1)) == [[300, 301, 302], [100, 101, 102]])
        #expect(scorer.scores(for: Self.histories, rows: 1..<1).isEmpty)
    }

    /// More users than are scored at a time.
    @Test func areTheSameInBlocks() {
        let many = InteractionMatrix(rows: (0..<1_201).map { Array(0..<$0 % 3) }, itemCount: 3)
        let scores = Counting(itemCount: 3).scores(for: many)
        #expect(scores.count == 1_201 && scores.enumerated().allSatisfy { $1[2] == Float(100 * ($0 % 3) + 2) })
    }
}
