import CFoldinKernels

/// A block of 32-bit words, zeroed, for rounded numbers: the operands of the kernels in `BFloat16.h` and `Bytes.h`, two or four in a word.
///
/// - Note: `@unchecked Sendable` for the same reason as `FloatBuffer`: plain memory, freed only by `deinit`. Each part has one writer at a time.
public final class WordBuffer: @unchecked Sendable {
    /// The first word. Valid during the lifetime of this object.
    public let pointer: UnsafeMutablePointer<UInt32>
    /// The number of words.
    public let count: Int
    private let memory: FloatBuffer

    /// Allocates `count` words of zeros.
    public init(count: Int) {
        self.count = count
        memory = FloatBuffer(count: count)
        // The memory is accessed through this pointer only; a float has the size of a word.
        pointer = UnsafeMutableRawPointer(memory.pointer).bindMemory(to: UInt32.self, capacity: max(1, count))
    }

    /// The same memory as 16-bit numbers, two per word, in little-endian order.
    public var halves: UnsafeMutablePointer<UInt16> {
        UnsafeMutableRawPointer(pointer).assumingMemoryBound(to: UInt16.self)
    }

    /// The same memory as signed numbers.
    public var signed: UnsafeMutablePointer<Int32> {
        UnsafeMutableRawPointer(pointer).assumingMemoryBound(to: Int32.self)
    }
}
