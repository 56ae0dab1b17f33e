import Testing

@testable import FoldinKernels

@Suite("Eigenvectors of a symmetric matrix") struct SymmetricEigenTests {
    /// A A^T of `rank` columns, less a multiple of the identity.
    static func matrix(_ side: Int, rank: Int, shift: Double = 0) -> [Double] {
        var (s, _) = CholeskySolverTests.system(side, rank: rank)
        for row in 0..<side { s[row * side + row] -= shift }
        return s
    }

    /// A V = V D, and V is orthogonal.
    static func check(_ matrix: [Double], _ side: Int) throws {
        let eigen = try SymmetricEigen(matrix, side: side)
        let vectors = eigen.vectors.values.map(Double.init)
        let largest = matrix.reduce(1e-300) { max($0, abs($1)) } * Double(side)
        #expect(eigen.values.count == side && eigen.values == eigen.values.sorted(by: >))
        for row in 0..<side {
            let own = vectors[row * side..<(row + 1) * side]
            for column in 0..<side {
                let product = (0..<side).reduce(0) { $0 + matrix[column * side + $1] * own[own.startIndex + $1] }
                #expect(abs(product - eigen.values[row] * own[own.startIndex + column]) < 1e-6 * largest)
                let other = vectors[column * side..<(column + 1) * side]
                let angle = zip(own, other).reduce(0) { $0 + $1.0 * $1.1 }
                #expect(abs(angle - (row == column ? 1 : 0)) < 1e-6)
            }
        }
    }

    @Test(arguments: [1, 2, 3, 8, 17, 66]) func theMatrixTimesAVectorIsAMultiple(side: Int) throws {
        try Self.check(Self.matrix(side, rank: side), side)
        try Self.check(Self.matrix(side, rank: side, shift: 0.4), side)
    }

    /// Many equal eigenvalues, an order of its own, and numbers of all sizes.
    @Test func specialMatricesAreNoSpecialCase() throws {
        try Self.check(Self.matrix(40, rank: 3), 40)
        try Self.check([Double](repeating: 0, count: 81), 9)
        try Self.check([Double](repeating: 1, count: 81), 9)
        try Self.check((0..<81).map { $0 % 10 == 0 ? Double($0) : 0 }, 9)
        try Self.check(Self.matrix(20, rank: 20).map { $0 * 1e60 }, 20)
        try Self.check(Self.matrix(20, rank: 20).map { $0 * 1e-60 }, 20)
        try Self.check((0..<400).map { $0 / 20 == $0 % 20 ? 2 : abs($0 / 20 - $0 % 20) == 1 ? -1 : 0 }, 20)
    }

    @Test func knownEigenvalues() throws {
        let eigen = try SymmetricEigen([2, 1, 1, 2], side: 2)
        #expect(abs(eigen.values[0] - 3) < 1e-14 && abs(eigen.values[1] - 1) < 1e-14)
        #expect(try SymmetricEigen([-5], side: 1).values == [-5])
    }

    @Test func stopsWhenCancelled() throws {
        for last in 1...5 {
            var checks = 0
            #expect(throws: CancellationError.self) {
                _ = try SymmetricEigen(Self.matrix(30, rank: 30), side: 30) {
                    checks += 1
                    return checks == last
                }
            }
            #expect(checks == last)
        }
    }
}
