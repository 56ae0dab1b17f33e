/// Consecutive floats in memory that another object owns: their start and their number.
///
/// Bounds are checked when a view is made or sliced, not per element. A view does not retain its memory, which must outlive it.
@frozen
public struct VectorView {
    /// The first element.
    public let start: UnsafePointer<Float>
    /// The number of elements.
    public let count: Int

    /// The `count` floats at `start`.
    @inlinable
    public init(_ start: UnsafePointer<Float>, count: Int) {
        precondition(count >= 0, "a vector cannot have \(count) elements")
        (self.start, self.count) = (start, count)
    }

    /// All of `buffer`.
    @inlinable
    public init(_ buffer: FloatBuffer) { self.init(buffer.pointer, count: buffer.count) }

    /// All of `elements`, which may be empty.
    @inlinable
    public init(_ elements: UnsafeBufferPointer<Float>) {
        // An empty buffer may have no address; any aligned one does, since nothing is read.
        self.init(elements.baseAddress ?? UnsafePointer(bitPattern: 64).unsafelyUnwrapped, count: elements.count)
    }

    /// Some of the elements.
    @inlinable
    public subscript(range: Range<Int>) -> VectorView {
        precondition(range.lowerBound >= 0 && range.upperBound <= count, "elements \(range) of \(count)")
        return VectorView(start + range.lowerBound, count: range.count)
    }

    /// One element, for tests and single values: the bounds are checked in debug builds only.
    @inlinable
    public subscript(index: Int) -> Float {
        assert(index >= 0 && index < count, "element \(index) of \(count)")
        return start[index]
    }
}

/// A `VectorView` whose elements may be changed.
///
/// A writer must be the only user of that part of the memory at the time.
@frozen
public struct MutableVectorView {
    /// The first element.
    public let start: UnsafeMutablePointer<Float>
    /// The number of elements.
    public let count: Int

    /// The `count` floats at `start`.
    @inlinable
    public init(_ start: UnsafeMutablePointer<Float>, count: Int) {
        precondition(count >= 0, "a vector cannot have \(count) elements")
        (self.start, self.count) = (start, count)
    }

    /// All of `buffer`.
    @inlinable
    public init(_ buffer: FloatBuffer) { self.init(buffer.pointer, count: buffer.count) }

    /// All of `elements`, which may be empty.
    @inlinable
    public init(_ elements: UnsafeMutableBufferPointer<Float>) {
        // An empty buffer may have no address; any aligned one does, since nothing is written.
        self.init(elements.baseAddress ?? UnsafeMutablePointer(bitPattern: 64).unsafelyUnwrapped, count: elements.count)
    }

    /// The same elements for reading.
    @inlinable
    public var readOnly: VectorView { VectorView(UnsafePointer(start), count: count) }

    /// Some of the elements.
    @inlinable
    public subscript(range: Range<Int>) -> MutableVectorView {
        precondition(range.lowerBound >= 0 && range.upperBound <= count, "elements \(range) of \(count)")
        return MutableVectorView(start + range.lowerBound, count: range.count)
    }

    /// One element, for tests and single values: the bounds are checked in debug builds only.
    @inlinable
    public subscript(index: Int) -> Float {
        get {
            assert(index >= 0 && index < count, "element \(index) of \(count)")
            return start[index]
        }
        nonmutating set {
            assert(index >= 0 && index < count, "element \(index) of \(count)")
            start[index] = newValue
        }
    }

    /// Copies the elements of `other`, which has as many.
    @inlinable
    public func copy(from other: VectorView) {
        precondition(count == other.count, "\(count) elements from \(other.count)")
        start.update(from: other.start, count: count)
    }
}
