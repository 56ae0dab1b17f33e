import Testing

@testable import FoldinInteractions

@Suite("Interaction matrices") struct InteractionMatrixTests {
    @Test func sortsRowsAndRemovesDuplicates() {
        let matrix = InteractionMatrix(rows: [[3, 0, 3, 1], [], [2]], itemCount: 4)
        #expect(matrix.rowStarts == [0, 3, 3, 4] && matrix.columns == [0, 1, 3, 2])
        #expect(matrix.userCount == 3 && matrix.count == 4 && matrix.itemCount == 4)
        #expect(matrix.row(0) == [0, 1, 3] && matrix.row(1).isEmpty && matrix.row(2) == [2])
        #expect(matrix.itemCounts() == [1, 1, 1, 1])
    }

    @Test func acceptsPairsInAnyOrder() {
        let users: [Int32] = [2, 0, 2, 0, 0, 2, 0]
        let items: [Int32] = [2, 3, 2, 0, 3, 0, 1]
        let matrix = InteractionMatrix(users: users, items: items, userCount: 4, itemCount: 5)
        #expect(matrix == InteractionMatrix(rows: [[0, 1, 3], [], [0, 2], []], itemCount: 5))
        #expect(matrix.itemCounts() == [2, 1, 1, 1, 0])
    }

    @Test func canBeEmpty() {
        let nobody = InteractionMatrix(users: [], items: [], userCount: 0, itemCount: 3)
        #expect(nobody.userCount == 0 && nobody.count == 0 && nobody.itemCounts() == [0, 0, 0])
        #expect(nobody == InteractionMatrix(rows: [[Int]](), itemCount: 3))
        #expect(nobody != InteractionMatrix(rows: [[Int]](), itemCount: 2))
    }
}

@Suite("Vocabularies") struct VocabularyLookupTests {
    @Test func translatesBetweenIdsAndIndices() {
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
