import CFoldinKernels
import FoldinKernels

/// The last layer's weights, rounded for a first pass over all items.
protocol RoundedWeights: Sendable {
    /// Rounds and packs `weight` [items, width].
    init(_ weight: UnsafePointer<Float>, items: Int, width: Int, workers: Workers)

    /// The greatest Euclidean length of an item's weights, and of what rounding took from an item's; not finite where the weights are not.
    var longest: foldin_lengths { get }

    /// Memory for the last layer's input of `users`, rounded.
    func input(users: Int) -> RoundedInput

    /// Into `scores` [users, items], rows `stride` apart, the products with `hidden` [users, width], which is rounded into `input`, plus
    /// the bias. Allocates nothing.
    func score(
        _ hidden: UnsafePointer<Float>, users: Int, _ input: RoundedInput, bias: UnsafePointer<Float>,
        into scores: UnsafeMutablePointer<Float>, stride: Int, workers: Workers
    )
}

/// The last layer's input of some users, rounded: the left operand of the product with `RoundedWeights`.
struct RoundedInput: Sendable {
    /// The rounded numbers, packed, one row per user.
    let words: WordBuffer
    /// The scale of each row, where its kind of numbers has one.
    let scales: FloatBuffer
    /// Of each row the Euclidean length, and that of what rounding took from it.
    let lengths: LengthBuffer

    init(users: Int, wordsPerUser: Int) {
        (words, scales) = (WordBuffer(count: users * wordsPerUser), FloatBuffer(count: users))
        lengths = LengthBuffer(count: users)
    }
}

/// Lengths, two per row.
///
/// - Note: `@unchecked Sendable` for the reason that `FloatBuffer` is: plain memory, freed only by `deinit`, each part of which has one
///   writer at a time.
final class LengthBuffer: @unchecked Sendable {
    let pointer: UnsafeMutablePointer<foldin_lengths>

    init(count: Int) {
        pointer = .allocate(capacity: count)
        pointer.initialize(repeating: foldin_lengths(), count: count)
    }

    deinit { pointer.deallocate() }
}

/// Weights of one byte each, in a quarter of their memory. See `Bytes.h`.
struct ByteWeights: RoundedWeights {
    let longest: foldin_lengths
    private let items: Int
    private let width: Int
    private let strips: WordBuffer
    private let scales: FloatBuffer
    private let excesses: WordBuffer

    init(_ weight: UnsafePointer<Float>, items: Int, width: Int, workers: Workers) {
        (self.items, self.width) = (items, width)
        let columns = foldin_padded_to_byte_strips(items)
        let (strips, scales) = (WordBuffer(count: columns * foldin_quads(width)), FloatBuffer(count: columns))
        let excesses = WordBuffer(count: columns)
        longest = workers.map((items + itemsPerPanel - 1) / itemsPerPanel) { panel, _ in
            let first = panel * itemsPerPanel
            return foldin_round_right(
                min(itemsPerPanel, items - first), width, weight + first * width, strips.pointer + first * foldin_quads(width),
                scales.pointer + first, excesses.signed + first)
        }.reduce(foldin_lengths(), foldin_greatest_lengths)
        (self.strips, self.scales, self.excesses) = (strips, scales, excesses)
    }

    func input(users: Int) -> RoundedInput { RoundedInput(users: users, wordsPerUser: foldin_quads(width)) }

    func score(
        _ hidden: UnsafePointer<Float>, users: Int, _ input: RoundedInput, bias: UnsafePointer<Float>,
        into scores: UnsafeMutablePointer<Float>, stride: Int, workers: Workers
    ) {
        workers.forEachPiece(of: users, size: usersPerPiece) { piece, _ in
            let first = piece.lowerBound
            foldin_round_left(
                piece.count, width, hidden + first * width, input.words.pointer + first * foldin_quads(width),
                input.scales.pointer + first, input.lengths.pointer + first)
        }
        workers.forEachPiece(of: items, size: 2 * itemsPerPanel) { panel, _ in
            let first = panel.lowerBound
            foldin_multiply_quads(
                users, panel.count, width, input.words.pointer, input.scales.pointer,
                strips.pointer + first * foldin_quads(width), scales.pointer + first, excesses.signed + first, bias + first,
                scores + first, stride)
        }
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
        longest = workers.map((items + itemsPerPanel - 1) / itemsPerPanel) { panel, _ in
            let panel = panel * itemsPerPanel..<min(items, (panel + 1) * itemsPerPanel)
            foldin_pack_strips(
                width, panel.count, foldin_matrix(start: weight + panel.lowerBound * width, stride: width, is_transposed: true),
                strips.pointer + panel.lowerBound * foldin_pairs(width))
            var rounded = [UInt32](repeating: 0, count: foldin_pairs(width))
            return panel.reduce(foldin_lengths()) { greatest, item in
                foldin_pack_rows(1, width, weight + item * width, width, &rounded)
                return foldin_greatest_lengths(greatest, Self.lengths(of: weight + item * width, rounded: rounded, width))
            }
        }.reduce(foldin_lengths(), foldin_greatest_lengths)
        self.strips = strips
    }

    func input(users: Int) -> RoundedInput { RoundedInput(users: users, wordsPerUser: foldin_pairs(width)) }

    func score(
        _ hidden: UnsafePointer<Float>, users: Int, _ input: RoundedInput, bias: UnsafePointer<Float>,
        into scores: UnsafeMutablePointer<Float>, stride: Int, workers: Workers
    ) {
        workers.forEachPiece(of: users, size: usersPerPiece) { piece, _ in
            for row in piece {
                let (vector, rounded) = (hidden + row * width, input.words.pointer + row * foldin_pairs(width))
                foldin_pack_rows(1, width, vector, width, rounded)
                input.lengths.pointer[row] = Self.lengths(of: vector, rounded: rounded, width)
            }
        }
        workers.forEachPiece(of: items, size: 2 * itemsPerPanel) { panel, _ in
            foldin_multiply_pairs(
                users, panel.count, width,
                foldin_left_pairs(start: input.words.pointer, row_stride: foldin_pairs(width), pair_stride: 1),
                strips.pointer + panel.lowerBound * foldin_pairs(width), false, scores + panel.lowerBound, stride,
                foldin_prefetch_ranges())
            for row in 0..<users {
                foldin_add_bias(1, panel.count, scores + row * stride + panel.lowerBound, bias + panel.lowerBound)
            }
        }
    }

    /// The lengths of a vector and of what rounding took from it, `rounded` being its pairs.
    private static func lengths(of vector: UnsafePointer<Float>, rounded: UnsafePointer<UInt32>, _ width: Int) -> foldin_lengths {
        // Squares of the smallest floats are numbers only in double precision.
        var (square, lost) = (0.0, 0.0)
        for i in 0..<width {
            let bits = i % 2 == 0 ? rounded[i / 2] << 16 : rounded[i / 2] & 0xFFFF_0000
            let difference = Double(vector[i]) - Double(Float(bitPattern: bits))
            square += Double(vector[i]) * Double(vector[i])
            lost += difference * difference
        }
        return foldin_lengths(vector: square.squareRoot(), loss: lost.squareRoot())
    }
}
