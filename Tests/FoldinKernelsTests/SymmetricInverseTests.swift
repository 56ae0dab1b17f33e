import CFoldinKernels
import FoldinTestSupport
import Testing

@testable import FoldinKernels

@Suite("The inverse of a symmetric matrix") struct SymmetricInverseTests {
    /// A positive definite matrix [side, side]: A A^T / side + I with A from a simple recurrence.
    static func matrix(_ side: Int) -> [Double] {
        var state: UInt64 = 7
        let a = (0..<side * side).map { _ in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Double(state >> 40) / Double(1 << 24) - 0.5
        }
        var product = [Double](repeating: 0, count: side * side)
        for i in 0..<side {
            for k in 0..<side {
                for j in 0...i { product[i * side + j] += a[i * side + k] * a[j * side + k] / Double(side) }
            }
        }
        for i in 0..<side { product[i * side + i] += 1 }
        return product
    }

    /// A part of a block, whole blocks, and blocks with a part.
    @Test(arguments: [1, 2, 37, 256, 300, 512, 600])
    func timesTheMatrixIsTheIdentity(side: Int) {
        let original = Self.matrix(side)
        // The upper half is never read.
        let matrix = FloatBuffer(original.enumerated().map { $0 / side >= $0 % side ? Float($1) : .nan })
        #expect(SymmetricInverse.invert(matrix, side: side, workers: Workers(count: 2)) == .done)
        func whole(_ i: Int, _ j: Int) -> Double { original[max(i, j) * side + min(i, j)] }
        var worst = 0.0
        for i in stride(from: 0, to: side, by: max(1, side / 20)) {
            for j in 0..<side {
                #expect(matrix.pointer[i * side + j] == matrix.pointer[j * side + i])
                var sum = 0.0
                for k in 0..<side { sum += Double(matrix.pointer[i * side + k]) * whole(k, j) }
                worst = max(worst, abs(sum - (i == j ? 1 : 0)))
            }
        }
        #expect(worst < 2e-6)
    }

    /// Another engine gives the same inverse except for rounding.
    @Test func takesItsProductsFromTheEngine() {
        let side = 260
        let original = Self.matrix(side).map { Float($0) }
        let (own, reference) = (FloatBuffer(original), FloatBuffer(original))
        #expect(SymmetricInverse.invert(own, side: side, workers: Workers(count: 1)) == .done)
        #expect(
            SymmetricInverse.invert(reference, side: side, workers: Workers(count: 2), engine: ReferenceEngine()) == .done)
        let worst = zip(own.values, reference.values).map { abs($0 - $1) }.max() ?? .infinity
        #expect(worst > 0 && worst < 1e-5)
    }

    @Test func hasTheSameBitsForAnyNumberOfThreads() {
        let original = Self.matrix(600).map { Float($0) }
        func inverse(_ threads: Int) -> [UInt32] {
            let matrix = FloatBuffer(original)
            #expect(SymmetricInverse.invert(matrix, side: 600, workers: Workers(count: threads)) == .done)
            return matrix.values.map(\.bitPattern)
        }
        let alone = inverse(1)
        for threads in [2, 3, 7] { #expect(inverse(threads) == alone) }
    }

    @Test func reportsAMatrixThatIsNotPositiveDefinite() {
        for (place, value) in [(0, 0), (299, -1), (150, .nan), (299, 0)] as [(Int, Float)] {
            let matrix = FloatBuffer(count: 300 * 300)
            for i in 0..<300 { matrix.pointer[i * 300 + i] = 1 }
            matrix.pointer[place * 300 + place] = value
            #expect(SymmetricInverse.invert(matrix, side: 300, workers: Workers(count: 2)) == .notPositiveDefinite)
        }
    }

    @Test func stopsWhenCancelledAndReportsProgress() {
        var (asked, told) = (0, [Double]())
        let matrix = FloatBuffer(Self.matrix(600).map { Float($0) })
        let outcome = SymmetricInverse.invert(
            matrix, side: 600, workers: Workers(count: 1),
            isCancelled: {
                asked += 1
                return asked == 3
            }, progress: { told.append($0) })
        #expect(outcome == .cancelled && told == [1 / 3, 2 / 3])
    }
}
