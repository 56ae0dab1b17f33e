/// A row-major matrix of floats in memory that another object owns: its start, its shape, and the distance between its rows.
///
/// A view is a value of a few words: making, slicing and transposing one copies no elements and allocates nothing. Bounds are checked when
/// a view is made or sliced, not per element. A view does not retain its memory, which must outlive it: keep the `FloatBuffer` in a
/// variable.
///
///     let weight = MatrixView(buffer, rows: items, columns: width)
///     engine.multiply(input, weight.rows(panel).transposed, into: logits)
@frozen
public struct MatrixView {
    /// The first stored element.
    public let start: UnsafePointer<Float>
    /// The number of rows.
    public let rows: Int
    /// The number of columns.
    public let columns: Int
    /// The floats from a stored row to the next: BLAS's leading dimension.
    public let stride: Int
    /// Whether memory holds the transpose of this matrix, that is, its columns one after the other.
    public let isTransposed: Bool

    /// The matrix [rows, columns] at `start`, whose rows are `stride` floats apart; by default without gaps.
    @inlinable
    public init(_ start: UnsafePointer<Float>, rows: Int, columns: Int, stride: Int? = nil) {
        self.init(start: start, rows: rows, columns: columns, stride: stride ?? columns, isTransposed: false)
    }

    /// The whole of `buffer` as [rows, columns]. It must hold exactly `rows * columns` floats.
    @inlinable
    public init(_ buffer: FloatBuffer, rows: Int, columns: Int) {
        precondition(rows * columns == buffer.count, "a buffer of \(buffer.count) floats is not a [\(rows), \(columns)] matrix")
        self.init(buffer.pointer, rows: rows, columns: columns)
    }

    /// The part of `buffer` from float `offset` on as [rows, columns], whose rows are `stride` floats apart. It must lie inside.
    @inlinable
    public init(_ buffer: FloatBuffer, offset: Int, rows: Int, columns: Int, stride: Int? = nil) {
        MatrixView.checkBounds(buffer.count, offset: offset, rows: rows, columns: columns, stride: stride ?? columns)
        self.init(buffer.pointer + offset, rows: rows, columns: columns, stride: stride)
    }

    @inlinable
    init(start: UnsafePointer<Float>, rows: Int, columns: Int, stride: Int, isTransposed: Bool) {
        let width = isTransposed ? rows : columns
        precondition(rows >= 0 && columns >= 0 && stride >= width, "invalid matrix: [\(rows), \(columns)], stride \(stride)")
        (self.start, self.rows, self.columns, self.stride, self.isTransposed) = (start, rows, columns, stride, isTransposed)
    }

    @inlinable
    static func checkBounds(_ count: Int, offset: Int, rows: Int, columns: Int, stride: Int) {
        let end = rows == 0 || columns == 0 ? offset : offset + (rows - 1) * stride + columns
        precondition(offset >= 0 && end <= count, "[\(rows), \(columns)] at \(offset) is outside a buffer of \(count) floats")
    }

    /// The transpose of this matrix, of the same memory.
    @inlinable
    public var transposed: MatrixView {
        MatrixView(start: start, rows: columns, columns: rows, stride: stride, isTransposed: !isTransposed)
    }

    /// Whether rows follow each other in memory without a gap.
    @inlinable
    public var isContiguous: Bool { !isTransposed && (stride == columns || rows <= 1) }

    /// Some of the rows.
    @inlinable
    public func rows(_ range: Range<Int>) -> MatrixView {
        precondition(range.lowerBound >= 0 && range.upperBound <= rows, "rows \(range) of \(rows)")
        return MatrixView(
            start: start + range.lowerBound * (isTransposed ? 1 : stride), rows: range.count, columns: columns, stride: stride,
            isTransposed: isTransposed)
    }

    /// Some of the columns.
    @inlinable
    public func columns(_ range: Range<Int>) -> MatrixView {
        precondition(range.lowerBound >= 0 && range.upperBound <= columns, "columns \(range) of \(columns)")
        return MatrixView(
            start: start + range.lowerBound * (isTransposed ? stride : 1), rows: rows, columns: range.count, stride: stride,
            isTransposed: isTransposed)
    }

    /// One row of a matrix that is not transposed.
    @inlinable
    public func row(_ index: Int) -> VectorView {
        precondition(!isTransposed, "a row of a transposed matrix is not contiguous")
        precondition(index >= 0 && index < rows, "row \(index) of \(rows)")
        return VectorView(start + index * stride, count: columns)
    }

    /// All elements, row by row, of a contiguous matrix.
    @inlinable
    public var elements: VectorView {
        precondition(isContiguous, "the matrix is not contiguous")
        return VectorView(start, count: rows * columns)
    }

    /// One element, for tests and single values: the bounds are checked in debug builds only.
    @inlinable
    public subscript(row: Int, column: Int) -> Float {
        assert(row >= 0 && row < rows && column >= 0 && column < columns, "[\(row), \(column)] of [\(rows), \(columns)]")
        return start[isTransposed ? column * stride + row : row * stride + column]
    }
}

/// A `MatrixView` whose elements may be changed. It is never transposed.
///
/// A writer must be the only user of that part of the memory at the time.
@frozen
public struct MutableMatrixView {
    /// The first element.
    public let start: UnsafeMutablePointer<Float>
    /// The number of rows.
    public let rows: Int
    /// The number of columns.
    public let columns: Int
    /// The floats from a row to the next: BLAS's leading dimension.
    public let stride: Int

    /// The matrix [rows, columns] at `start`, whose rows are `stride` floats apart; by default without gaps.
    @inlinable
    public init(_ start: UnsafeMutablePointer<Float>, rows: Int, columns: Int, stride: Int? = nil) {
        let stride = stride ?? columns
        precondition(rows >= 0 && columns >= 0 && stride >= columns, "invalid matrix: [\(rows), \(columns)], stride \(stride)")
        (self.start, self.rows, self.columns, self.stride) = (start, rows, columns, stride)
    }

    /// The whole of `buffer` as [rows, columns]. It must hold exactly `rows * columns` floats.
    @inlinable
    public init(_ buffer: FloatBuffer, rows: Int, columns: Int) {
        precondition(rows * columns == buffer.count, "a buffer of \(buffer.count) floats is not a [\(rows), \(columns)] matrix")
        self.init(buffer.pointer, rows: rows, columns: columns)
    }

    /// The part of `buffer` from float `offset` on as [rows, columns], whose rows are `stride` floats apart. It must lie inside.
    @inlinable
    public init(_ buffer: FloatBuffer, offset: Int, rows: Int, columns: Int, stride: Int? = nil) {
        MatrixView.checkBounds(buffer.count, offset: offset, rows: rows, columns: columns, stride: stride ?? columns)
        self.init(buffer.pointer + offset, rows: rows, columns: columns, stride: stride)
    }

    /// The same matrix for reading.
    @inlinable
    public var readOnly: MatrixView {
        MatrixView(start: UnsafePointer(start), rows: rows, columns: columns, stride: stride, isTransposed: false)
    }

    /// The transpose of this matrix for reading, of the same memory.
    @inlinable
    public var transposed: MatrixView { readOnly.transposed }

    /// Whether rows follow each other in memory without a gap.
    @inlinable
    public var isContiguous: Bool { stride == columns || rows <= 1 }

    /// Some of the rows.
    @inlinable
    public func rows(_ range: Range<Int>) -> MutableMatrixView {
        precondition(range.lowerBound >= 0 && range.upperBound <= rows, "rows \(range) of \(rows)")
        return MutableMatrixView(start + range.lowerBound * stride, rows: range.count, columns: columns, stride: stride)
    }

    /// Some of the columns.
    @inlinable
    public func columns(_ range: Range<Int>) -> MutableMatrixView {
        precondition(range.lowerBound >= 0 && range.upperBound <= columns, "columns \(range) of \(columns)")
        return MutableMatrixView(start + range.lowerBound, rows: rows, columns: range.count, stride: stride)
    }

    /// One row.
    @inlinable
    public func row(_ index: Int) -> MutableVectorView {
        precondition(index >= 0 && index < rows, "row \(index) of \(rows)")
        return MutableVectorView(start + index * stride, count: columns)
    }

    /// All elements, row by row, of a contiguous matrix.
    @inlinable
    public var elements: MutableVectorView {
        precondition(isContiguous, "the matrix is not contiguous")
        return MutableVectorView(start, count: rows * columns)
    }

    /// One element, for tests and single values: the bounds are checked in debug builds only.
    @inlinable
    public subscript(row: Int, column: Int) -> Float {
        get {
            assert(row >= 0 && row < rows && column >= 0 && column < columns, "[\(row), \(column)] of [\(rows), \(columns)]")
            return start[row * stride + column]
        }
        nonmutating set {
            assert(row >= 0 && row < rows && column >= 0 && column < columns, "[\(row), \(column)] of [\(rows), \(columns)]")
            start[row * stride + column] = newValue
        }
    }

    /// Copies the elements of `other`, which has the same shape and is not transposed.
    @inlinable
    public func copy(from other: MatrixView) {
        precondition(
            rows == other.rows && columns == other.columns, "[\(rows), \(columns)] from [\(other.rows), \(other.columns)]")
        if isContiguous && other.isContiguous {
            elements.copy(from: other.elements)
        } else {
            for index in 0..<rows { row(index).copy(from: other.row(index)) }
        }
    }
}
