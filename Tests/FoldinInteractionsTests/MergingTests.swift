import FoldinInteractions
import FoldinTestSupport
import Testing

@Suite("Training on the validation users") struct MergingTests {
    @Test func addsOtherUsersBehindTheTrainingUsers() {
        let dataset = PreparedDataset.twoGroups(trainingUsers: 20, validationUsers: 3, testUsers: 4)
        #expect(!dataset.validatesTrainingUsers)
        let merged = dataset.trainingOnValidation()
        #expect(merged.train.userCount == 23 && merged.validation.count == 0 && merged.test == dataset.test)
        #expect((0..<20).allSatisfy { merged.train.row($0) == dataset.train.row($0) })
        for row in 0..<3 {
            let clicks = Array(dataset.validation.foldIn.row(row)) + dataset.validation.heldOut.row(row)
            #expect(Array(merged.train.row(20 + row)) == clicks.sorted())
        }
        #expect(merged.items == dataset.items && merged.checksum != dataset.checksum)
    }

    @Test func addsHeldOutClicksToTheirUsers() {
        let train = InteractionMatrix(rows: [[0, 3], [1], []], itemCount: 5)
        let users = HeldOutUsers(
            userIndices: [0, 2], foldIn: InteractionMatrix(rows: [[0, 3], []], itemCount: 5),
            heldOut: InteractionMatrix(rows: [[1], [4]], itemCount: 5))
        let dataset = PreparedDataset(
            train: train, validation: users, test: users, items: Vocabulary((0..<5).map { "\($0)" }),
            users: Vocabulary((0..<3).map { "\($0)" }))
        #expect(dataset.validatesTrainingUsers)
        #expect(dataset.trainingOnValidation().train == InteractionMatrix(rows: [[0, 1, 3], [1], [4]], itemCount: 5))
    }
}
