/// Draws indices with given probabilities in constant time, by Walker's alias method (Vose 1991).
///
/// Takes 8 bytes an index. A probability is kept to 2^-32 of the mean one.
public struct AliasTable: Sendable {
    private var threshold: [UInt32]
    private var alias: [UInt32]

    /// A table for indices `0..<weights.count`, drawn in proportion to their weights: not negative, their sum positive and finite.
    ///
    /// Linear in the number of weights.
    public init(_ weights: [Double]) {
        let total = weights.reduce(0, +)
        precondition(total > 0 && total.isFinite, "weights that sum to \(total) are no probabilities")
        precondition(weights.count <= Int(UInt32.max), "\(weights.count) indices have no 32-bit numbers")
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

    /// The index that two uniform 32-bit words pick.
    public func index(_ place: UInt32, _ coin: UInt32) -> Int {
        let place = Int((UInt64(place) * UInt64(threshold.count)) >> 32)
        return coin <= threshold[place] ? place : Int(alias[place])
    }
}
