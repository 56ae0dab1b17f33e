import FoldinKernels
import Testing

@Suite("Matrix views") struct MatrixViewTests {
    /// Element [row, column] is 10 * row + column.
    static func buffer(_ rows: Int, _ columns: Int) -> FloatBuffer {
        FloatBuffer((0..<rows * columns).map { Float($0 / columns * 10 + $0 % columns) })
    }

    static func elements(_ view: MatrixView) -> [[Float]] {
        (0..<view.rows).map { row in (0..<view.columns).map { view[row, $0] } }
    }

    @Test func slicesAndTransposesShowTheSameElements() {
        let buffer = Self.buffer(4, 5)
        let whole = buffer.matrix(rows: 4, columns: 5)
        #expect(Self.elements(whole.rows(1..<3)) == [[10, 11, 12, 13, 14], [20, 21, 22, 23, 24]])
        #expect(Self.elements(whole.columns(3..<5).rows(2..<4)) == [[23, 24], [33, 34]])
        #expect(Self.elements(whole.transposed.rows(3..<5).columns(2..<4)) == [[23, 33], [24, 34]])
        #expect(Self.elements(whole.columns(1..<2).transposed) == [[1, 11, 21, 31]])
        #expect(Self.elements(whole.transposed.transposed) == Self.elements(whole))
        #expect(whole.rows(2..<2).rows == 0 && whole.columns(0..<0).columns == 0)
        #expect(whole.row(3)[4] == 34 && whole.row(3).count == 5)
        #expect(whole.elements.count == 20 && whole.elements[7..<9][1] == 13)
    }

    @Test func onlyRowsWithoutGapsAreContiguous() {
        let whole = Self.buffer(4, 5).matrix(rows: 4, columns: 5)
        #expect(whole.isContiguous && whole.rows(1..<3).isContiguous && whole.columns(1..<3).rows(2..<3).isContiguous)
        #expect(!whole.columns(1..<3).isContiguous && !whole.transposed.isContiguous)
    }

    @Test func aPartOfABufferIsAMatrix() {
        let buffer = Self.buffer(4, 5)
        // The last row ends with the buffer, its stride would not.
        #expect(
            Self.elements(MatrixView(buffer, offset: 8, rows: 3, columns: 2, stride: 5)) == [[13, 14], [23, 24], [33, 34]])
        #expect(Self.elements(MatrixView(buffer, offset: 20, rows: 0, columns: 5)).isEmpty)
    }

    @Test func mutableViewsWriteIntoTheBuffer() {
        let buffer = FloatBuffer(count: 12)
        let matrix = buffer.mutableMatrix(rows: 3, columns: 4)
        matrix.rows(1..<3).columns(2..<4)[0, 1] = 5
        matrix.row(2)[1..<3][0] = 7
        let column = Self.buffer(3, 1)
        matrix.columns(0..<1).copy(from: column.matrix(rows: 3, columns: 1))
        #expect(buffer.values == [0, 0, 0, 0, 10, 0, 0, 5, 20, 7, 0, 0])
        #expect(matrix.transposed[3, 1] == 5 && matrix.readOnly.row(2)[1] == 7)
    }

    @Test func viewsOutsideABufferStopTheProgram() async {
        await #expect(processExitsWith: .failure) { _ = FloatBuffer(count: 6).matrix(rows: 2, columns: 2) }
        await #expect(processExitsWith: .failure) { _ = MatrixView(FloatBuffer(count: 6), offset: 1, rows: 2, columns: 3) }
        await #expect(processExitsWith: .failure) { _ = FloatBuffer(count: 6).mutableMatrix(rows: 2, columns: 3).rows(1..<3) }
        await #expect(processExitsWith: .failure) { _ = FloatBuffer(count: 6).matrix(rows: 2, columns: 3).transposed.rows(1..<4) }
        await #expect(processExitsWith: .failure) { _ = FloatBuffer(count: 6).vector[4..<7] }
    }
}
