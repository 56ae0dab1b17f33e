import FoldinKernels
import Foundation

/// The random number generator SplitMix64, as in Sebastiano Vigna's public-domain code.
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

/// Draws ranks in proportion to 1/rank in constant time.
struct ZipfTable {
    private let table: AliasTable

    init(count: Int) { table = AliasTable((1...count).map { 1 / Double($0) }) }

    @inline(__always)
    func draw(_ random: inout SplitMix64) -> Int {
        let bits = random.next()
        return table.index(UInt32(truncatingIfNeeded: bits >> 32), UInt32(truncatingIfNeeded: bits))
    }
}
