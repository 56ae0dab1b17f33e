import FoldinInteractions
import FoldinKernels

extension InteractionMatrix {
    /// Random clicks, the lower items more often: about `meanInteractions` per user.
    public static func synthetic(users: Int, items: Int, meanInteractions: Double, seed: UInt64) -> InteractionMatrix {
        let width = Int(2 * meanInteractions) + 1
        let draws = FloatBuffer(count: users * width)
        RandomSource(seed: seed, stream: 99).uniform(into: draws.mutableVector)
        let numbers = draws.values
        let rows = (0..<users).map { user in
            let own = numbers[user * width..<(user + 1) * width]
            let count = 1 + Int(own[own.startIndex] * Float(width - 1))
            return own.dropFirst().prefix(count).map { Int($0 * $0 * Float(items)) }
        }
        return InteractionMatrix(rows: rows, itemCount: items)
    }
}
