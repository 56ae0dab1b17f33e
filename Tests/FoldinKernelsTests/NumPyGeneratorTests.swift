import FoldinKernels
import Testing

/// Numbers from NumPy 2.4's `RandomState`, the same as in every NumPy since 1.0.
struct NumPyGeneratorTests {
    @Test("MT19937's first outputs for its authors' seed")
    func firstBits() {
        var generator = NumPyGenerator(seed: 5489)
        #expect((0..<3).map { _ in generator.next() } == [3_499_211_612, 581_869_302, 3_890_346_734])
        // The C++ standard specifies this 10,000th output of `std::mt19937`.
        for _ in 3..<9_999 { _ = generator.next() }
        #expect(generator.next() == 4_123_659_995)
    }

    @Test(
        arguments: [
            (98_765, [8, 7, 1, 2, 0, 6, 9, 4, 3, 5], [4, 1, 5, 3]), (0, [2, 8, 4, 9, 1, 6, 7, 3, 0, 5], [9, 10, 3, 5]),
            (.max, [6, 9, 5, 1, 8, 0, 7, 4, 2, 3], [10, 0, 3, 4]), (1, [2, 9, 6, 4, 0, 3, 1, 7, 8, 5], [1, 11, 3, 0]),
        ] as [(UInt32, [Int], [Int])])
    func permutationAndChoice(seed: UInt32, permutation: [Int], choice: [Int]) {
        var generator = NumPyGenerator(seed: seed)
        #expect(generator.permutation(10) == permutation)
        #expect(generator.choice(12, size: 4) == choice)
    }

    @Test("long permutations renew the state many times")
    func longPermutation() {
        var generator = NumPyGenerator(seed: 98_765)
        let permutation = generator.permutation(6034)
        #expect(permutation.prefix(6) == [1866, 5656, 645, 3940, 1411, 5368])
        #expect(permutation.suffix(3) == [1388, 3571, 3861])
        #expect(permutation.enumerated().reduce(0) { $0 + $1.offset * $1.element } == 54_877_252_585)
        #expect(generator.choice(53, size: 10) == [30, 18, 8, 3, 41, 22, 40, 37, 51, 9])
        #expect(generator.choice(5, size: 1) == [2])
        #expect(generator.permutation(1) == [0] && generator.permutation(0) == [])
    }
}
