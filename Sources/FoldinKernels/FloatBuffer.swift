import CFoldinKernels

/// A block of 32-bit floats, zeroed, aligned to a cache line and, when large, on huge pages where the system gives them.
///
/// - Note: `@unchecked Sendable` because the memory is plain and outlives every use: it is freed only by `deinit`. Whoever
///   writes through `pointer` must be the only one using that part of it at the time; in Foldin the writers are a training
///   step, which owns its buffers, and initialisers, before the buffer is shared.
public final class FloatBuffer: @unchecked Sendable {
    /// The first float. Valid as long as this object lives.
    public let pointer: UnsafeMutablePointer<Float>
    /// The number of floats.
    public let count: Int

    /// Allocates `count` zeros. Costs a page fault for each page when first touched, not here.
    ///
    /// Where only the first `filled` floats are likely to be touched, the others come in small pages and cost nothing till then.
    public init(count: Int, filled: Int? = nil) {
        precondition(count >= 0, "a buffer cannot have \(count) floats")
        guard let memory = foldin_allocate(max(1, count), filled ?? max(1, count)) else {
            preconditionFailure("out of memory: \(count) floats were asked for")
        }
        self.pointer = memory
        self.count = count
    }

    /// A copy of `values`.
    public convenience init<Values: Collection>(_ values: Values) where Values.Element == Float {
        self.init(count: values.count)
        for (index, value) in values.enumerated() { pointer[index] = value }
    }

    deinit { foldin_free(pointer, max(1, count)) }

    /// The contents as an array.
    public var values: [Float] { Array(UnsafeBufferPointer(start: pointer, count: count)) }

    /// Copies all of `other`, which must have as many floats.
    public func copy(from other: FloatBuffer) {
        precondition(count == other.count, "a buffer of \(other.count) floats cannot be copied into one of \(count)")
        pointer.update(from: other.pointer, count: count)
    }
}
