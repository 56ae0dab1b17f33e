/// Numbers that look random and are the same in every run (Knuth's linear congruential generator).
public struct Draws {
    private var state: UInt64

    public init(seed: UInt64) { state = seed &* 2 &+ 1 }

    public mutating func next() -> UInt32 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return UInt32(truncatingIfNeeded: state >> 32)
    }

    /// In 0 ..< bound.
    public mutating func below(_ bound: Int) -> Int { Int((UInt64(next()) * UInt64(bound)) >> 32) }

    /// In -1 ..< 1.
    public mutating func signed() -> Float { Float(next() >> 8) / Float(1 << 23) - 1 }
}
