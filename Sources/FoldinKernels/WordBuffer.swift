import CFoldinKernels

/// Numbers rounded to bfloat16, two in each 32 bits: room for the operands of the kernels in `BFloat16.h`, zeroed.
///
/// - Note: `@unchecked Sendable` for the reason that `FloatBuffer` is: plain memory, freed only by `deinit`, each part of which
///   has one writer at a time.
public final class PairBuffer: @unchecked Sendable {
    /// The first pair. Valid as long as this object lives.
    public let pointer: UnsafeMutablePointer<UInt32>
    /// The number of pairs.
    public let count: Int
    private let memory: FloatBuffer

    /// Allocates `count` pairs of zeros.
    public init(count: Int) {
        self.count = count
        memory = FloatBuffer(count: count)
        // Memory that is only ever seen through this pointer; a float takes as much room as a pair.
        pointer = UnsafeMutableRawPointer(memory.pointer).bindMemory(to: UInt32.self, capacity: max(1, count))
    }

    /// The single numbers, twice as many as pairs, in the order of a little-endian machine.
    public var halves: UnsafeMutablePointer<UInt16> {
        UnsafeMutableRawPointer(pointer).assumingMemoryBound(to: UInt16.self)
    }
}
