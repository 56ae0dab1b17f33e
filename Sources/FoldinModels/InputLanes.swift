import CFoldinKernels
import FoldinKernels

/// The gradient of the last layer's input, summed over panels of items in a few lanes: consecutive panels that are added up one
/// after the other. Their number does not depend on that of the threads, and so neither does the sum.
struct InputLanes {
    /// The panels of each lane.
    let panels: [Range<Int>]
    /// Floats from a row to the next: whole cache lines, so that no vector of a row lies across two.
    let stride: Int
    private let width: Int
    private let users: Int
    /// [lanes, users, stride]
    private let sums: FloatBuffer

    /// Lanes for `panelCount` panels, and batches of at most `users` users by `width` inputs, in the memory of `other` if there is enough.
    init(panelCount: Int, users: Int, width: Int, reusing other: InputLanes? = nil) {
        let lanes = min(16, panelCount)
        let stride = (width + 15) / 16 * 16
        panels = (0..<lanes).map { $0 * panelCount / lanes..<($0 + 1) * panelCount / lanes }
        (self.stride, self.width, self.users) = (stride, width, users)
        let count = lanes * users * stride
        sums = other.map(\.sums).flatMap { $0.count >= count ? $0 : nil } ?? FloatBuffer(count: count)
    }

    /// A lane's gradient, rows of `stride` floats.
    func sum(ofLane lane: Int) -> UnsafeMutablePointer<Float> { sums.pointer + lane * users * stride }

    /// target [rows.count, width] = the sum of the lanes, in order, for the users `rows`.
    func sum(_ rows: Range<Int>, into target: UnsafeMutablePointer<Float>) {
        for lane in panels.indices {
            var row = sum(ofLane: lane) + rows.lowerBound * stride
            for place in 0..<rows.count {
                let total = target + place * width
                if lane == 0 { total.update(from: row, count: width) } else { foldin_add(width, row, total) }
                row += stride
            }
        }
    }
}
