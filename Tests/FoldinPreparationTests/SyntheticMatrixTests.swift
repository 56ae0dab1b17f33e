import FoldinInteractions
import FoldinKernels
import FoldinSupport
import FoldinTestSupport
import Testing

@testable import FoldinPreparation

@Suite("Made matrices")
struct SyntheticMatrixTests {
    /// The file and the matrix have the same clicks, for any number of threads.
    @Test(arguments: [1, 3])
    func theMatrixIsTheFile(threads: Int) throws {
        let folder = try TemporaryFolder()
        let made = try SyntheticRatings(users: 1_500, items: 300, meanInteractions: 8, seed: 7)
        let path = folder.path + "/ratings.csv"
        let rows = try made.write(to: path, workers: Workers(count: threads))
        let matrix = made.matrix(workers: Workers(count: threads))
        #expect(matrix.userCount == 1_500 && matrix.itemCount == 300 && matrix.count == rows)
        #expect(abs(Double(rows) / 1_500 - 8) < 1)

        var users: [Int32] = []
        var items: [Int32] = []
        let file = try MappedFile(contentsOf: path)
        file.withBytes { bytes in
            for line in bytes.split(separator: 10).dropFirst() {
                let fields = String(decoding: line, as: UTF8.self).split(separator: ",")
                users.append((Int32(fields[0]) ?? 0) - 1)
                items.append((Int32(fields[1]) ?? 0) - 1)
            }
        }
        #expect(matrix == InteractionMatrix(users: users, items: items, userCount: 1_500, itemCount: 300))
    }
}
