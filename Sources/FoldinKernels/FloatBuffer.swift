import CFoldinKernels

/// A block of 32-bit floats, zeroed and aligned to a cache line; a large one is on huge pages if the system has them.
///
/// Kernels take parts of it as views:
///
///     let buffer = FloatBuffer(count: users * width)
///     let hidden = buffer.mutableMatrix(rows: users, columns: width)
///
/// - Note: `@unchecked Sendable` because the memory is plain and is freed only by `deinit`. A writer must be the only user of the part that
///   it writes at the time. In Foldin the writers are a training step, which owns its buffers, and initialisers, before the buffer is shared.
public final class FloatBuffer: @unchecked Sendable {
    /// The first float. Valid during the lifetime of this object.
    public let pointer: UnsafeMutablePointer<Float>
    /// The number of floats.
    public let count: Int

    /// Allocates `count` zeros. Page faults occur at the first access of each page, not here.
    ///
    /// If only the first `filled` floats are likely to be used, the others get small pages, which take no memory until their first access.
    public init(count: Int, filled: Int? = nil) {
        precondition(count >= 0, "a buffer cannot have \(count) floats")
        guard let memory = foldin_allocate(max(1, count), filled ?? max(1, count)) else {
            preconditionFailure("out of memory: \(count) floats were requested")
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
