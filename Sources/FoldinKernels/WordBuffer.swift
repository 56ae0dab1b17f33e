import CFoldinKernels

/// Rounded numbers, several in each 32 bits: room for the operands of the kernels in `BFloat16.h` and `Bytes.h`, zeroed.
///
/// - Note: `@unchecked Sendable` for the reason that `FloatBuffer` is: plain memory, freed only by `deinit`, each part of which
///   has one writer at a time.
public final class WordBuffer: @unchecked Sendable {
    /// The first 32 bits. Valid as long as this object lives.
    public let pointer: UnsafeMutablePointer<UInt32>
    /// The number of 32 bits.
    public let count: Int
    private let memory: FloatBuffer

    /// Allocates `count` times 32 bits of zeros.
    public init(count: Int) {
        self.count = count
        memory = FloatBuffer(count: count)
        // Memory that is only ever seen through this pointer; a float takes as much room.
        pointer = UnsafeMutableRawPointer(memory.pointer).bindMemory(to: UInt32.self, capacity: max(1, count))
    }

    /// Numbers of 16 bits, two in each 32, in the order of a little-endian machine.
    public var halves: UnsafeMutablePointer<UInt16> {
        UnsafeMutableRawPointer(pointer).assumingMemoryBound(to: UInt16.self)
    }

    /// The same with a sign.
    public var signed: UnsafeMutablePointer<Int32> {
        UnsafeMutableRawPointer(pointer).assumingMemoryBound(to: Int32.self)
    }
}
