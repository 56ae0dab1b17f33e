import FoldinInteractions
import FoldinKernels
import Testing

/// The best items found with approximate scores are those of exact scores, in the same order.
@Suite("Best items") struct BestItemsTests {
    /// Known scores, and approximate ones that differ by up to `margin`.
    struct Known: ApproximateScores {
        let exact: [[Float]]
        let margins: [Float]

        func margin(of row: Int) -> Float { margins[row] }

        func exact(_ items: UnsafeBufferPointer<Int32>, row: Int, into scores: UnsafeMutablePointer<Float>) {
            for (place, item) in items.enumerated() { scores[place] = exact[row][Int(item)] }
        }

        func approximate(row: Int, by generator: inout SystemRandomNumberGenerator) -> [Float] {
            let margin = margins[row].isFinite ? margins[row] : 100
            return exact[row].map { $0 + Float.random(in: -margin...margin, using: &generator) * 0.999 }
        }
    }

    struct Scores: Scorer {
        let known: Known
        let isApproximable: Bool
        var itemCount: Int { known.exact[0].count }

        func score(
            _ histories: InteractionMatrix, rows: Range<Int>, into scores: UnsafeMutablePointer<Float>, workers: Workers
        ) {
            for (place, row) in rows.enumerated() {
                for item in 0..<itemCount { scores[place * itemCount + item] = known.exact[row][item] }
            }
        }

        func approximate(workers: Workers) -> (any ApproximateScorer)? { isApproximable ? Approximate(known: known) : nil }
    }

    struct Approximate: ApproximateScorer {
        let known: Known

        func score(
            _ histories: InteractionMatrix, rows: Range<Int>, into scores: UnsafeMutablePointer<Float>, stride: Int,
            workers: Workers
        ) -> any ApproximateScores {
            var generator = SystemRandomNumberGenerator()
            for (place, row) in rows.enumerated() {
                for (item, score) in known.approximate(row: row, by: &generator).enumerated() {
                    scores[place * stride + item] = score
                }
            }
            return Known(exact: Array(known.exact[rows]), margins: Array(known.margins[rows]))
        }
    }

    static func sorted(_ count: Int, of scores: [Float], without masked: [Int32]) -> [Int32] {
        scores.indices.filter { scores[$0] > -.infinity && !masked.contains(Int32($0)) }
            .sorted { (-scores[$0], $0) < (-scores[$1], $1) }.prefix(count).map(Int32.init)
    }

    /// Scores with few different values, so that many are equal.
    static func levels(_ items: Int) -> [Float] { (0..<items).map { _ in Float(Int.random(in: 0..<40)) / 8 } }

    @Test(arguments: [0, 0.01, 0.3, 2, 50, .infinity, .nan] as [Float])
    func areThoseOfExactScores(margin: Float) {
        var generator = SystemRandomNumberGenerator()
        for items in [1, 10, 333, 2_000] {
            let known = Known(exact: [Self.levels(items)], margins: [margin])
            for count in [1, 7, 100, 5_000] {
                let masked = (0..<Int32.random(in: 0...Int32(items))).map { _ in Int32.random(in: 0..<Int32(items)) }
                let finder = BestItems(count, of: items)
                // The same buffers twice: the first call leaves nothing in them.
                for _ in 0..<2 {
                    var scores = known.approximate(row: 0, by: &generator)
                    scores.withUnsafeMutableBufferPointer { scores in
                        guard let start = scores.baseAddress else { return }
                        let (found, values) = finder.find(in: start, without: masked[...], approximate: (known, 0))
                        #expect(Array(found) == Self.sorted(count, of: known.exact[0], without: masked))
                        #expect(Array(values) == found.map { known.exact[0][Int($0)] })
                    }
                    var exact = known.exact[0]
                    exact.withUnsafeMutableBufferPointer { scores in
                        guard let start = scores.baseAddress else { return }
                        let (found, values) = finder.find(in: start, without: masked[...])
                        #expect(Array(found) == Self.sorted(count, of: known.exact[0], without: masked))
                        #expect(Array(values) == found.map { known.exact[0][Int($0)] })
                    }
                }
            }
        }
    }

    /// Blocks of enough users that approximate scores are used, with a scorer that has them and with one that has none.
    @Test(arguments: [false, true]) func areThoseOfExactScoresInBlocks(isApproximable: Bool) {
        let (users, items) = (300, 700)
        let known = Known(
            exact: (0..<users).map { _ in Self.levels(items) }, margins: (0..<users).map { $0 % 50 == 3 ? .infinity : 0.2 })
        let scorer = Scores(known: known, isApproximable: isApproximable)
        let rows = (0..<users).map { user in (0..<user % 30).map { ($0 * 17 + user) % items } }
        let histories = InteractionMatrix(rows: rows, itemCount: items)
        let workers = Workers(count: 2)
        let block = ScoredBlock(scorer, best: 10, users: users, atOnce: 128, workers: workers)
        #expect(block.capacity == 128)
        for start in stride(from: 0, to: users, by: block.capacity) {
            let rows = start..<min(users, start + block.capacity)
            block.score(histories, rows: rows)
            let found = workers.map(rows.count) { row, worker in
                Array(block.best(of: row, without: histories.row(start + row), worker: worker).items)
            }
            for row in rows {
                #expect(found[row - start] == Self.sorted(10, of: known.exact[row], without: Array(histories.row(row))))
            }
        }
    }
}
