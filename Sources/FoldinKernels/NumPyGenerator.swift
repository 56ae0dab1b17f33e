/// NumPy's legacy random numbers: the same bits as `numpy.random.seed(s)` and `RandomState(s)`.
///
/// The generator is MT19937 (Matsumoto and Nishimura, *Mersenne Twister*, 1998) seeded by its `init_genrand`, as NumPy does
/// for a whole number; bounded numbers are drawn by masked rejection. Its only purpose is to reproduce published splits:
/// it is neither fast nor safe to share between tasks.
public struct NumPyGenerator: Sendable {
    private var state: [UInt32]
    private var position: Int

    /// The generator after `numpy.random.seed(seed)`. NumPy allows seeds from 0 to 2^32 - 1 only.
    public init(seed: UInt32) {
        state = [UInt32](repeating: 0, count: 624)
        state[0] = seed
        for index in 1..<624 {
            let previous = state[index - 1]
            state[index] = 1_812_433_253 &* (previous ^ (previous >> 30)) &+ UInt32(index)
        }
        position = 624
    }

    /// The next 32 random bits.
    public mutating func next() -> UInt32 {
        if position == 624 { renew() }
        var bits = state[position]
        position += 1
        bits ^= bits >> 11
        bits ^= (bits << 7) & 0x9D2C_5680
        bits ^= (bits << 15) & 0xEFC6_0000
        return bits ^ (bits >> 18)
    }

    /// A number from 0 through `bound`, all equally likely: NumPy's `random_interval`.
    ///
    /// Draws words until the masked bits are in range; none if `bound` is 0.
    public mutating func next(through bound: UInt32) -> UInt32 {
        guard bound > 0 else { return 0 }
        let mask = UInt32.max >> UInt32(bound.leadingZeroBitCount)
        while true {
            let value = next() & mask
            if value <= bound { return value }
        }
    }

    /// `numpy.random.permutation(count)`: the numbers `0..<count` in random order.
    ///
    /// Fisher and Yates' shuffle from the last place down to the second. `count` must be at most 2^32.
    public mutating func permutation(_ count: Int) -> [Int] {
        precondition(count >= 0 && count <= 1 << 32, "a permutation of \(count) numbers cannot be drawn")
        var numbers = Array(0..<count)
        for place in stride(from: count - 1, to: 0, by: -1) {
            numbers.swapAt(place, Int(next(through: UInt32(place))))
        }
        return numbers
    }

    /// `numpy.random.choice(count, size: size, replace: False)`: `size` different numbers of `0..<count`.
    ///
    /// Draws a whole permutation and keeps its first `size` numbers, as NumPy does.
    public mutating func choice(_ count: Int, size: Int) -> [Int] {
        precondition(size >= 0 && size <= count, "\(size) of \(count) numbers cannot be chosen without replacement")
        return Array(permutation(count).prefix(size))
    }

    private mutating func renew() {
        for index in 0..<624 {
            let mixed = (state[index] & 0x8000_0000) | (state[(index + 1) % 624] & 0x7FFF_FFFF)
            state[index] = state[(index + 397) % 624] ^ (mixed >> 1) ^ (mixed & 1 == 0 ? 0 : 0x9908_B0DF)
        }
        position = 0
    }
}
