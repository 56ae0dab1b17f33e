import Foundation

/// Sebastiano Vigna's public-domain form of SplitMix64.
struct SplitMix64 {
    var state: UInt64

    static func mixed(_ value: UInt64) -> UInt64 {
        var bits = value
        bits = (bits ^ (bits >> 30)) &* 0xBF58_476D_1CE4_E5B9
        bits = (bits ^ (bits >> 27)) &* 0x94D0_49BB_1331_11EB
        return bits ^ (bits >> 31)
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        return Self.mixed(state)
    }

    /// A number in `0..<bound` by multiplication; the bias is below 2^-32.
    @inline(__always)
    mutating func next(below bound: Int) -> Int { Int(((next() >> 32) &* UInt64(bound)) >> 32) }

    /// A standard normal number by Box and Muller's transform.
    mutating func nextNormal() -> Double {
        let radius = (-2 * log((Double(next() >> 11) + 1) * 0x1p-53)).squareRoot()
        return radius * cos(2 * .pi * Double(next() >> 11) * 0x1p-53)
    }
}

/// Draws ranks in proportion to 1/rank in constant time, by Walker's alias method.
struct ZipfTable {
    private var threshold: [UInt32]
    private var alias: [UInt32]

    init(count: Int) {
        let total = (1...count).reduce(0.0) { $0 + 1 / Double($1) }
        var share = (1...count).map { Double(count) / (Double($0) * total) }
        threshold = [UInt32](repeating: .max, count: count)
        alias = (0..<UInt32(count)).map { $0 }
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

    @inline(__always)
    func draw(_ random: inout SplitMix64) -> Int {
        let bits = random.next()
        let place = Int(((bits >> 32) &* UInt64(threshold.count)) >> 32)
        return UInt32(truncatingIfNeeded: bits) <= threshold[place] ? place : Int(alias[place])
    }
}
