import CFoldinKernels
import Foundation

extension InteractionMatrix {
    /// A made matrix for benchmarks: item popularity falls as 1 / (rank + 10), user activity is log-normal.
    ///
    /// Each user has at least one item and at most a quarter of them. The same arguments give the same matrix.
    public static func synthetic(users: Int, items: Int, meanInteractions: Double, seed: UInt64) -> InteractionMatrix {
        precondition(users > 0 && items > 0 && meanInteractions > 0, "a made matrix needs users, items and interactions")
        var cumulative = [Double](repeating: 0, count: items)
        var total = 0.0
        for rank in 0..<items {
            total += 1 / Double(rank + 10)
            cumulative[rank] = total
        }
        // Which item has which rank: a permutation that scatters the popular ones, by multiplication with a number coprime
        // to the number of items.
        var factor = items / 2 + 1
        while greatestCommonDivisor(factor, items) != 1 { factor += 1 }

        var activity = [Float](repeating: 0, count: users)
        foldin_random_normal(foldin_random_source(seed: seed, stream: 1, step: 0), 0, users, &activity)
        let weights = activity.map { exp(0.9 * Double($0)) }
        let scale = meanInteractions * Double(users) / weights.reduce(0, +)
        var starts = [0]
        var columns: [Int32] = []
        columns.reserveCapacity(Int(meanInteractions * Double(users) * 1.05))
        var taken = [Int32](repeating: -1, count: items)
        var draws = [Float](repeating: 0, count: 256)
        for user in 0..<users {
            let wanted = min(max(1, items / 4), max(1, Int((weights[user] * scale).rounded())))
            let source = foldin_random_source(seed: seed, stream: 2, step: UInt64(user))
            var position: UInt64 = 0
            let rowStart = columns.count
            while columns.count - rowStart < wanted {
                foldin_random_uniform(source, position, draws.count, &draws)
                position += UInt64(draws.count)
                for draw in draws where columns.count - rowStart < wanted {
                    let rank = cumulative.firstIndexSorted(notBelow: Double(draw) * total)
                    let item = rank * factor % items
                    if taken[item] != Int32(user) {
                        taken[item] = Int32(user)
                        columns.append(Int32(item))
                    }
                }
            }
            columns[rowStart...].sort()
            starts.append(columns.count)
        }
        return InteractionMatrix(rowStarts: starts, columns: columns, itemCount: items)
    }
}

private func greatestCommonDivisor(_ a: Int, _ b: Int) -> Int { b == 0 ? a : greatestCommonDivisor(b, a % b) }

extension [Double] {
    /// The first index whose value is at least `value`, in an ascending array; the last index if there is none.
    fileprivate func firstIndexSorted(notBelow value: Double) -> Int {
        var low = 0
        var high = count - 1
        while low < high {
            let middle = (low + high) / 2
            if self[middle] < value { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
