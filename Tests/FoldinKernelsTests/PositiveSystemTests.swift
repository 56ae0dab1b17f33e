import CFoldinKernels
import FoldinKernels
import Testing

@Suite("Positive definite systems") struct PositiveSystemTests {
    /// The system [side + 1, stride] of a matrix, and NaN where nothing may be read.
    private static func system(_ matrix: [Double], _ right: [Float], stride: Int) -> FloatBuffer {
        let side = right.count
        let system = FloatBuffer(count: (side + 1) * stride)
        for row in 0..<side {
            for column in 0..<stride {
                system.pointer[row * stride + column] = column <= row ? Float(matrix[row * side + column]) : .nan
            }
            system.pointer[side * stride + row] = right[row]
        }
        return system
    }

    private static func solve(_ system: FloatBuffer, side: Int, stride: Int) -> Bool {
        let scratch = FloatBuffer([Float](repeating: .nan, count: PositiveSystem.scratchCount(side: side)))
        return PositiveSystem.solve(system.pointer, side: side, stride: stride, scratch: scratch.pointer)
    }

    /// A part of a block, whole blocks, and blocks with a part; rows apart by more than their length.
    @Test(arguments: [0, 1, 2, 15, 63, 64, 65, 128, 150, 300])
    func theMatrixTimesTheSolutionIsTheRightSide(side: Int) {
        let matrix = SymmetricInverseTests.matrix(side)
        let right = (0..<side).map { Float(($0 * 7) % 11) - 5 }
        for stride in [side, side + 13] {
            let system = Self.system(matrix, right, stride: stride)
            #expect(Self.solve(system, side: side, stride: stride))
            let solution = (0..<side).map { Double(system.pointer[side * stride + $0]) }
            for row in 0..<side {
                var product = 0.0
                for column in 0..<side { product += matrix[max(row, column) * side + min(row, column)] * solution[column] }
                #expect(abs(product - Double(right[row])) < 2e-5)
            }
        }
    }

    /// By hand: [[4, 2], [2, 2]] = L L^T with L = [[2, 0], [1, 1]], whose inverse is [[1/2, 0], [-1/2, 1]].
    @Test func factorsABlock() {
        var matrix: [Float] = [4, -9, 2, 2]
        var inverse = [Float](repeating: .nan, count: 4)
        #expect(foldin_cholesky(2, &matrix, 2, [0, 0], &inverse))
        #expect(matrix == [2, -9, 1, 1] && inverse == [0.5, 0, -0.5, 1])
        // L^T x = (4, 3): x_2 = 3, x_1 = (4 - 3) / 2.
        var x: [Float] = [4, 3]
        foldin_solve_transposed(2, matrix, 2, &x)
        #expect(x == [0.5, 3])
        // The second pivot is 2 - 1 = 1.
        matrix = [4, -9, 2, 2]
        #expect(!foldin_cholesky(2, &matrix, 2, [0, 1], &inverse))
    }

    @Test func reportsAMatrixThatIsNotPositiveDefinite() {
        let side = 130
        for (place, value) in [(0, 0), (100, -1), (129, .nan), (129, 0), (64, .infinity)] as [(Int, Double)] {
            var matrix = [Double](repeating: 0, count: side * side)
            for row in 0..<side { matrix[row * side + row] = 1 }
            matrix[place * side + place] = value
            #expect(!Self.solve(Self.system(matrix, [Float](repeating: 1, count: side), stride: side), side: side, stride: side))
        }
        // Two rows that are equal but for rounding, in different blocks.
        var matrix = [Double](repeating: 0, count: side * side)
        for row in 0..<side { matrix[row * side + row] = 3 }
        matrix[100 * side + 10] = 3 - 1e-7
        #expect(!Self.solve(Self.system(matrix, [Float](repeating: 1, count: side), stride: side), side: side, stride: side))
        matrix[100 * side + 10] = 2.9
        #expect(Self.solve(Self.system(matrix, [Float](repeating: 1, count: side), stride: side), side: side, stride: side))
    }
}
