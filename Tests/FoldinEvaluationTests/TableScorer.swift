import FoldinInteractions
import FoldinKernels

/// A scorer whose scores are given, one row per user.
struct TableScorer: Scorer {
    let table: [[Float]]
    var itemCount: Int { table.first?.count ?? 0 }

    func score(
        _ histories: InteractionMatrix, rows: Range<Int>, into scores: UnsafeMutablePointer<Float>, workers: Workers
    ) {
        for (place, row) in rows.enumerated() {
            for (item, score) in table[row].enumerated() { scores[place * itemCount + item] = score }
        }
    }
}

extension HeldOutUsers {
    /// Users numbered from `firstIndex`.
    init(foldIn: [[Int]], heldOut: [[Int]], itemCount: Int, firstIndex: Int32 = 0) {
        self.init(
            userIndices: foldIn.indices.map { firstIndex + Int32($0) },
            foldIn: InteractionMatrix(rows: foldIn, itemCount: itemCount),
            heldOut: InteractionMatrix(rows: heldOut, itemCount: itemCount))
    }
}
