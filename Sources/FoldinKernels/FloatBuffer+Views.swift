extension FloatBuffer {
    /// All floats, for reading.
    @inlinable
    public var vector: VectorView { VectorView(self) }

    /// All floats, for reading and writing.
    @inlinable
    public var mutableVector: MutableVectorView { MutableVectorView(self) }

    /// The whole buffer as [rows, columns] for reading; it must hold exactly `rows * columns` floats.
    @inlinable
    public func matrix(rows: Int, columns: Int) -> MatrixView { MatrixView(self, rows: rows, columns: columns) }

    /// The whole buffer as [rows, columns] for reading and writing; it must hold exactly `rows * columns` floats.
    @inlinable
    public func mutableMatrix(rows: Int, columns: Int) -> MutableMatrixView {
        MutableMatrixView(self, rows: rows, columns: columns)
    }
}
