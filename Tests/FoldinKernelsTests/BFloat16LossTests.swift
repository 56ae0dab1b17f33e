import CFoldinKernels
import FoldinKernels
import Testing

/// The softmax with rounded exponentials, against the one in single precision.
@Suite("The loss in bfloat16", .enabled(if: Processor.has(FOLDIN_AVX512_BF16))) struct BFloat16LossTests {
    @Test(arguments: LoopsTests.lengths.dropFirst())
    func sumsAreOfExponentialsBeforeRounding(columns: Int) {
        let rows = 3
        let logits = LoopsTests.numbers(rows * columns).map { 5 * $0 }
        let bias = LoopsTests.numbers(columns, seed: 2)
        var (plain, panel) = (logits, logits)
        var (maxima, sums) = ([Float](repeating: 0, count: rows), [Float](repeating: 0, count: rows))
        var (ownMaxima, ownSums) = (maxima, sums)
        foldin_exponentials(rows, columns, &plain, bias, &maxima, &sums)
        var halves = [UInt16](repeating: BFloat16Tests.guardian, count: rows * columns + 1)
        foldin_exponentials_rounded(rows, columns, &panel, bias, &ownMaxima, &ownSums, &halves)
        #expect(halves == plain.map(roundedToBFloat16) + [BFloat16Tests.guardian])
        #expect(ownMaxima == maxima && ownSums == sums)
    }

    /// Even users click every third item from 10 on, odd users every fourth, the last user none; the panel starts at item 20. The last user
    /// of an odd number has no pair.
    @Test(arguments: LoopsTests.lengths.dropFirst(), [1, 2, 5])
    func gradientsAreRoundedAndStoredForBothProducts(columns: Int, users: Int) {
        let first = 20
        let rows = (0..<users).map { user in
            user == users - 1 && users > 1
                ? [] : (10..<first + columns + 9).filter { $0 % (3 + user % 2) == 0 }.map(Int32.init)
        }
        let starts = rows.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1.count) }
        let exponentials = LoopsTests.numbers(users * columns).map { roundedToBFloat16(abs($0)) }
        let scales = (0..<users).map { [0.5, 2, 0.25, 3, 1][$0] as Float }
        let shares = (0..<users).map { [0.25, 0.75, 0.5, 0.125, 2][$0] as Float }
        let pairs = Int(foldin_pairs(columns))
        let guardian: UInt32 = 0xDEAD_BEEF
        var byItems = [UInt32](repeating: guardian, count: users * pairs + 1)
        var byUsers = [UInt32](repeating: guardian, count: (users + 1) / 2 * columns + 1)
        var columnSums = [Float](repeating: LoopsTests.guardian, count: columns + 1)
        starts.withUnsafeBufferPointer { starts in
            rows.flatMap { $0 }.withUnsafeBufferPointer { items in
                guard let starts = starts.baseAddress, let items = items.baseAddress else { return }
                foldin_loss_gradient_rounded(
                    users, first, columns, foldin_clicks(starts: starts, items: items), shares, scales, exponentials, &byItems,
                    &byUsers, &columnSums)
            }
        }
        #expect(byItems.last == guardian && byUsers.last == guardian && columnSums.last == LoopsTests.guardian)
        func half(_ pair: UInt32, _ odd: Int) -> UInt16 { UInt16(truncatingIfNeeded: odd == 1 ? pair >> 16 : pair) }
        for column in 0..<columns {
            var sum = 0.0
            for user in 0..<users {
                let isClicked = rows[user].contains(Int32(first + column))
                let gradient = widened(exponentials[user * columns + column]) * scales[user] - (isClicked ? shares[user] : 0)
                let item = half(byItems[user * pairs + column / 2], column % 2)
                #expect(item == roundedToBFloat16(gradient), "user \(user), column \(column)")
                #expect(half(byUsers[user / 2 * columns + column], user % 2) == item)
                sum += Double(gradient)
            }
            #expect(abs(Double(columnSums[column]) - sum) < 1e-5)
            // A pair without a second half ends with 0, as the products require.
            if users % 2 == 1 { #expect(half(byUsers[users / 2 * columns + column], 1) == 0) }
        }
        if columns % 2 == 1 { for user in 0..<users { #expect(half(byItems[user * pairs + pairs - 1], 1) == 0) } }
    }
}
