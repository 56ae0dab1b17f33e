import CFoldinKernels
import FoldinInteractions

extension InteractionMatrix {
    /// Random clicks, more of them on items of a low index: about `meanInteractions` per user. The same for the same parameters.
    public static func synthetic(users: Int, items: Int, meanInteractions: Double, seed: UInt64) -> InteractionMatrix {
        var draws = [Float](repeating: 0, count: users * (Int(2 * meanInteractions) + 1))
        foldin_random_uniform(foldin_random_source(seed: seed, stream: 99, step: 0), 0, draws.count, &draws)
        let width = draws.count / users
        let rows = (0..<users).map { user in
            let own = draws[user * width..<(user + 1) * width]
            let count = 1 + Int(own[own.startIndex] * Float(width - 1))
            return own.dropFirst().prefix(count).map { Int($0 * $0 * Float(items)) }
        }
        return InteractionMatrix(rows: rows, itemCount: items)
    }
}
