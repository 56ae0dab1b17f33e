import Testing

@testable import FoldinInteractions

@Suite("Interaction matrices") struct InteractionMatrixTests {
    @Test func sortsRowsAndDropsRepeats() {
        let matrix = InteractionMatrix(rows: [[3, 0, 3, 1], [], [2]], itemCount: 4)
        #expect(matrix.rowStarts == [0, 3, 3, 4] && matrix.columns == [0, 1, 3, 2])
        #expect(matrix.userCount == 3 && matrix.count == 4 && matrix.itemCount == 4)
        #expect(matrix.row(0) == [0, 1, 3] && matrix.row(1).isEmpty && matrix.row(2) == [2])
        #expect(matrix.itemCounts() == [1, 1, 1, 1])
    }

    @Test func takesPairsInAnyOrder() {
        let users: [Int32] = [2, 0, 2, 0, 0, 2, 0]
        let items: [Int32] = [2, 3, 2, 0, 3, 0, 1]
        let matrix = InteractionMatrix(users: users, items: items, userCount: 4, itemCount: 5)
        #expect(matrix == InteractionMatrix(rows: [[0, 1, 3], [], [0, 2], []], itemCount: 5))
        #expect(matrix.itemCounts() == [2, 1, 1, 1, 0])
    }

    @Test func mayBeEmpty() {
        let nobody = InteractionMatrix(users: [], items: [], userCount: 0, itemCount: 3)
        #expect(nobody.userCount == 0 && nobody.count == 0 && nobody.itemCounts() == [0, 0, 0])
        #expect(nobody == InteractionMatrix(rows: [[Int]](), itemCount: 3))
        #expect(nobody != InteractionMatrix(rows: [[Int]](), itemCount: 2))
    }

    /// The same arguments give the same matrix; every row is sorted, without repeats and not empty.
    @Test func madeMatrices() {
        let matrix = InteractionMatrix.synthetic(users: 300, items: 200, meanInteractions: 11, seed: 4)
        #expect(matrix == .synthetic(users: 300, items: 200, meanInteractions: 11, seed: 4))
        #expect(matrix != .synthetic(users: 300, items: 200, meanInteractions: 11, seed: 5))
        #expect(matrix.userCount == 300 && abs(Double(matrix.count) / 300 - 11) < 2)
        for user in 0..<300 {
            let row = matrix.row(user)
            #expect(!row.isEmpty && row.count <= 50 && row.allSatisfy { (0..<200).contains($0) })
            #expect(zip(row, row.dropFirst()).allSatisfy { $0 < $1 })
        }
        let counts = matrix.itemCounts().sorted(by: >)
        #expect(counts[0] > 4 * counts[100])
    }

    @Test func madeMatricesOfAnySize() {
        for items in [1, 2, 3, 4, 7, 64] {
            let matrix = InteractionMatrix.synthetic(users: 3, items: items, meanInteractions: 100, seed: 1)
            #expect(matrix.userCount == 3 && matrix.count >= 3)
        }
    }
}

@Suite("Vocabularies") struct VocabularyLookupTests {
    @Test func namesAndNumbers() {
        let vocabulary = Vocabulary(["296", "b c", "", "né"])
        #expect(vocabulary.count == 4 && vocabulary[1] == "b c")
        for (index, id) in vocabulary.ids.enumerated() { #expect(vocabulary.index(of: id) == index) }
        #expect(vocabulary.index(of: "0296") == nil && vocabulary.index(of: "B C") == nil)
        #expect(Vocabulary([]).count == 0 && Vocabulary([]).index(of: "") == nil)
    }

    @Test func findsTheFirstRepeat() throws {
        let found = try #require(Vocabulary.firstRepeat(in: ["a", "b", "c", "b", "a"]))
        #expect(found == (place: 3, earlier: 1))
        #expect(Vocabulary.firstRepeat(in: []) == nil && Vocabulary.firstRepeat(in: ["a", "A"]) == nil)
        #expect(Vocabulary(["a", "b"]) != Vocabulary(["b", "a"]) && Vocabulary(["a"]) != Vocabulary(["a", "b"]))
    }
}
