import CFoldinKernels
import FoldinTestSupport
import Testing

@testable import FoldinKernels

@Suite("Solutions by Cholesky's factorisation") struct CholeskySolverTests {
    /// S = A A^T of a matrix A of `rank` columns, and b.
    static func system(_ side: Int, rank: Int, scale: Float = 1) -> (s: [Double], b: [Double]) {
        let a = MultiplyTests.random(side * rank, seed: side).map { Double($0 * scale) }
        var s = [Double](repeating: 0, count: side * side)
        for row in 0..<side {
            for column in 0..<side {
                for k in 0..<rank { s[row * side + column] += a[row * rank + k] * a[column * rank + k] }
            }
        }
        return (s, MultiplyTests.random(side, seed: side + 1).map(Double.init))
    }

    static func fill(_ solver: CholeskySolver, _ side: Int, _ system: (s: [Double], b: [Double])) {
        let view = solver.system(side: side)
        for row in 0..<side {
            // The upper half is never read.
            for column in 0..<side { view[row, column] = column > row ? .nan : Float(system.s[row * side + column]) }
            view[side, row] = Float(system.b[row])
        }
    }

    /// A part of a block, whole blocks, and blocks with a part; one solver for all of them, in any order.
    @Test func timesTheMatrixIsTheRightHandSide() {
        let solver = CholeskySolver(maximumSide: 200)
        for side in [1, 200, 2, 15, 16, 17, 63, 64, 65, 128, 150] {
            let system = Self.system(side, rank: 40)
            Self.fill(solver, side, system)
            let x = solver.solve(side: side)
            var worst = 0.0
            for row in 0..<side {
                var sum = Double(x[row])
                for column in 0..<side { sum += system.s[row * side + column] * Double(x[column]) }
                worst = max(worst, abs(sum - system.b[row]))
            }
            #expect(worst < 1e-5, "\(side): \(worst)")
        }
    }

    /// Another engine gives the same solution except for rounding.
    @Test func takesItsProductsFromTheEngine() {
        let (own, reference) = (
            CholeskySolver(maximumSide: 130), CholeskySolver(maximumSide: 130, engine: ReferenceEngine())
        )
        let system = Self.system(130, rank: 70)
        for solver in [own, reference] { Self.fill(solver, 130, system) }
        let (x, y) = (own.solve(side: 130), reference.solve(side: 130))
        let worst = (0..<130).map { abs(x[$0] - y[$0]) }.max() ?? .infinity
        #expect(worst > 0 && worst < 1e-5)
    }

    /// A matrix of low rank whose elements are so large that rounding makes pivots less than 1. (I + S)^-1 makes no vector longer.
    @Test func pivotsBelowOneCountAsOne() {
        let solver = CholeskySolver(maximumSide: 100)
        let system = Self.system(100, rank: 2, scale: 1500)
        Self.fill(solver, 100, system)
        let x = solver.solve(side: 100)
        let (length, before) = ((0..<100).reduce(0) { $0 + x[$1] * x[$1] }, system.b.reduce(0) { $0 + $1 * $1 })
        #expect(Double(length) < 1.1 * before && Double(length) > 0.5 * before)
    }

    @Test func rowsAreGatheredAndScaled() {
        let matrix = MultiplyTests.random(7 * 37, seed: 1)
        let factors = MultiplyTests.random(37, seed: 2)
        var out = [Float](repeating: .nan, count: 3 * 37)
        foldin_gather_scaled(3, [6, 0, 6], 37, matrix, factors, &out)
        for (place, row) in [6, 0, 6].enumerated() {
            for column in 0..<37 { #expect(out[place * 37 + column] == matrix[row * 37 + column] * factors[column]) }
        }
    }

    @Test(arguments: [1, 15, 16, 17, 40]) func inverseRootsAreThoseOfTheSum(count: Int) {
        let x = (0..<count).map { Float($0 * $0) }
        var out = [Float](repeating: -1, count: count + 1)
        foldin_inverse_roots(count, x, 0.25, &out)
        for place in 0..<count { #expect(abs(out[place] * (x[place] + 0.25).squareRoot() - 1) < 1e-6) }
        #expect(out[count] == -1)
    }
}
