/// Draws indices with given probabilities in constant time, by Walker's alias method (Vose 1991).
///
/// Takes 8 bytes per index. Probabilities are rounded to multiples of 2^-32 of the mean probability.
///
///     let table = AliasTable([1, 2, 5])
///     let index = table.index(generator.next(), generator.next())
public struct AliasTable: Sendable {
    private var threshold: [UInt32]
    private var alias: [UInt32]

    /// A table that draws indices `0..<weights.count` in proportion to their weights.
    ///
    /// Weights must not be negative; their sum must be positive and finite. Costs time linear in the number of weights.
    public init(_ weights: [Double]) {
        let total = weights.reduce(0, +)
        precondition(total > 0 && total.isFinite, "weights must have a positive, finite sum, not \(total)")
        precondition(weights.count <= Int(UInt32.max), "at most 2^32 - 1 weights, not \(weights.count)")
        var share = weights.map { Double(weights.count) * $0 / total }
        threshold = [UInt32](repeating: .max, count: weights.count)
        alias = (0..<UInt32(weights.count)).map { $0 }
        var small = share.indices.filter { share[$0] < 1 }
        var large = share.indices.filter { share[$0] >= 1 }
        while let less = small.popLast(), let more = large.last {
            threshold[less] = UInt32(min(share[less] * 0x1p32, Double(UInt32.max)))
            alias[less] = UInt32(more)
            share[more] -= 1 - share[less]
            if share[more] < 1 {
                large.removeLast()
                small.append(more)
            }
        }
    }

    /// The number of indices.
    public var count: Int { threshold.count }

    /// The index for two uniform 32-bit words: `place` selects a slot of the table, `coin` the slot's index or its alias.
    public func index(_ place: UInt32, _ coin: UInt32) -> Int {
        let place = Int((UInt64(place) * UInt64(threshold.count)) >> 32)
        return coin <= threshold[place] ? place : Int(alias[place])
    }
}
