import FoldinKernels

/// The gradient of the last layer's input, summed over panels of items in a few lanes: consecutive panels that are added up one
/// after the other. The number of lanes does not depend on that of the threads, and so neither does the sum.
struct InputLanes: Sendable {
    /// The panels of each lane.
    let panels: [Range<Int>]
    /// Floats from a row to the next: whole cache lines, so that no vector of a row lies across two.
    private let stride: Int
    private let width: Int
    private let users: Int
    /// [lanes, users, stride]
    private let sums: FloatBuffer

    /// Lanes for `panelCount` panels, and batches of at most `users` users by `width` inputs, in the memory of `other` if it is large enough.
    init(panelCount: Int, users: Int, width: Int, reusing other: InputLanes? = nil) {
        let lanes = min(16, panelCount)
        let stride = (width + 15) / 16 * 16
        panels = (0..<lanes).map { $0 * panelCount / lanes..<($0 + 1) * panelCount / lanes }
        (self.stride, self.width, self.users) = (stride, width, users)
        let count = lanes * users * stride
        sums = other.map(\.sums).flatMap { $0.count >= count ? $0 : nil } ?? FloatBuffer(count: count)
    }

    /// A lane's gradient of the first `users` users, [users, width].
    func sum(ofLane lane: Int, users: Int) -> MutableMatrixView {
        MutableMatrixView(sums, offset: lane * self.users * stride, rows: users, columns: width, stride: stride)
    }

    /// target [users.count, width] = the sum of the lanes, in order, for some users.
    func sum(_ users: Range<Int>, into target: MutableMatrixView, engine: any ComputeEngine) {
        for lane in panels.indices {
            let rows = sum(ofLane: lane, users: self.users).rows(users)
            for row in 0..<users.count {
                if lane == 0 {
                    target.row(row).copy(from: rows.row(row).readOnly)
                } else {
                    engine.add(rows.row(row).readOnly, to: target.row(row))
                }
            }
        }
    }
}
