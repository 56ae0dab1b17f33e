import CFoldinKernels
import FoldinKernels

/// The last layer's weights, rounded for a first look at all items.
protocol RoundedWeights: Sendable {
    /// Rounds and packs `weight` [items, width].
    init(_ weight: UnsafePointer<Float>, items: Int, width: Int, workers: Workers)

    /// The greatest Euclidean length of an item's weights, and of what rounding took from an item's; not finite where the weights are not.
    var longest: foldin_lengths { get }

    /// Into `scores` [users, items], rows `stride` apart, the products with `hidden` [users, width], rounded, plus the bias. Returns
    /// for each user the lengths of the row of `hidden` and of what rounding took from it.
    func score(
        _ hidden: UnsafePointer<Float>, users: Int, bias: UnsafePointer<Float>, into scores: UnsafeMutablePointer<Float>,
        stride: Int, workers: Workers
    ) -> [foldin_lengths]
}

extension foldin_lengths {
    /// Each the greater of two; what is no number is greater than any.
    static func greatest(_ one: foldin_lengths, _ other: foldin_lengths) -> foldin_lengths {
        func greater(_ a: Double, _ b: Double) -> Double { a.isNaN || b.isNaN ? .infinity : max(a, b) }
        return foldin_lengths(vector: greater(one.vector, other.vector), loss: greater(one.loss, other.loss))
    }
}

/// Weights of a byte each, in a quarter of their memory. See `Bytes.h`.
struct ByteWeights: RoundedWeights {
    let longest: foldin_lengths
    private let items: Int
    private let width: Int
    private let strips: WordBuffer
    private let scales: FloatBuffer
    private let excesses: WordBuffer

    init(_ weight: UnsafePointer<Float>, items: Int, width: Int, workers: Workers) {
        (self.items, self.width) = (items, width)
        let columns = foldin_in_byte_strips(items)
        let (strips, scales) = (WordBuffer(count: columns * foldin_quads(width)), FloatBuffer(count: columns))
        let excesses = WordBuffer(count: columns)
        longest = workers.map((items + itemsAPanel - 1) / itemsAPanel) { panel, _ in
            let first = panel * itemsAPanel
            return foldin_round_right(
                min(itemsAPanel, items - first), width, weight + first * width, strips.pointer + first * foldin_quads(width),
                scales.pointer + first, excesses.signed + first)
        }.reduce(foldin_lengths(), foldin_lengths.greatest)
        (self.strips, self.scales, self.excesses) = (strips, scales, excesses)
    }

    func score(
        _ hidden: UnsafePointer<Float>, users: Int, bias: UnsafePointer<Float>, into scores: UnsafeMutablePointer<Float>,
        stride: Int, workers: Workers
    ) -> [foldin_lengths] {
        let quads = WordBuffer(count: users * foldin_quads(width))
        let userScales = FloatBuffer(count: users)
        let lengths = workers.map(users) { row, _ in
            var lengths = foldin_lengths()
            foldin_round_left(
                1, width, hidden + row * width, quads.pointer + row * foldin_quads(width), userScales.pointer + row, &lengths)
            return lengths
        }
        workers.forEachPiece(of: items, size: 2 * itemsAPanel) { panel, _ in
            let first = panel.lowerBound
            foldin_multiply_quads(
                users, panel.count, width, quads.pointer, userScales.pointer, strips.pointer + first * foldin_quads(width),
                self.scales.pointer + first, excesses.signed + first, bias + first, scores + first, stride)
        }
        return lengths
    }
}

/// Weights in bfloat16, in half of their memory. See `BFloat16.h`.
struct BFloat16Weights: RoundedWeights {
    let longest: foldin_lengths
    private let items: Int
    private let width: Int
    private let strips: WordBuffer

    init(_ weight: UnsafePointer<Float>, items: Int, width: Int, workers: Workers) {
        (self.items, self.width) = (items, width)
        let strips = WordBuffer(count: foldin_strips(items, width))
        longest = workers.map((items + itemsAPanel - 1) / itemsAPanel) { panel, _ in
            let panel = panel * itemsAPanel..<min(items, (panel + 1) * itemsAPanel)
            foldin_pack_strips(
                width, panel.count, foldin_matrix(start: weight + panel.lowerBound * width, stride: width, is_transposed: true),
                strips.pointer + panel.lowerBound * foldin_pairs(width))
            return Self.lengths(of: weight + panel.lowerBound * width, rows: panel.count, width).reduce(
                foldin_lengths(), foldin_lengths.greatest)
        }.reduce(foldin_lengths(), foldin_lengths.greatest)
        self.strips = strips
    }

    func score(
        _ hidden: UnsafePointer<Float>, users: Int, bias: UnsafePointer<Float>, into scores: UnsafeMutablePointer<Float>,
        stride: Int, workers: Workers
    ) -> [foldin_lengths] {
        let pairs = WordBuffer(count: users * foldin_pairs(width))
        foldin_pack_rows(users, width, hidden, width, pairs.pointer)
        workers.forEachPiece(of: items, size: 2 * itemsAPanel) { panel, _ in
            foldin_multiply_pairs(
                users, panel.count, width,
                foldin_left_pairs(start: pairs.pointer, row_stride: foldin_pairs(width), pair_stride: 1),
                strips.pointer + panel.lowerBound * foldin_pairs(width), false, scores + panel.lowerBound, stride, foldin_soon())
            for row in 0..<users {
                foldin_add_bias(1, panel.count, scores + row * stride + panel.lowerBound, bias + panel.lowerBound)
            }
        }
        return workers.map((users + rowsAPiece - 1) / rowsAPiece) { piece, _ in
            let first = piece * rowsAPiece
            return Self.lengths(of: hidden + first * width, rows: min(rowsAPiece, users - first), width)
        }.flatMap { $0 }
    }

    /// Of each row of [rows, width] the length, and that of what rounding takes from it.
    private static func lengths(of vectors: UnsafePointer<Float>, rows: Int, _ width: Int) -> [foldin_lengths] {
        var rounded = [UInt16](repeating: 0, count: width)
        return (0..<rows).map { row in
            let vector = vectors + row * width
            foldin_bfloat16_round(width, vector, &rounded)
            // Squares of the smallest floats are numbers only in double precision.
            var (square, lost) = (0.0, 0.0)
            for i in 0..<width {
                let difference = Double(vector[i]) - Double(Float(bitPattern: UInt32(rounded[i]) << 16))
                square += Double(vector[i]) * Double(vector[i])
                lost += difference * difference
            }
            return foldin_lengths(vector: square.squareRoot(), loss: lost.squareRoot())
        }
    }
}
