import CFoldinKernels
import FoldinKernels

/// The last layer's products with operands of bfloat16, and the room they need.
///
/// | product | left operand | right operand |
/// |---|---|---|
/// | logits = input * weight^T | `inputRows`, packed once a step | the panel's weights, packed as they are read |
/// | dInput += gradient * weight | `byItems` | the panel's weights, packed as they are read |
/// | dWeight = gradient^T * input | `byUsers` | `inputStrips`, packed once a step |
struct RoundedOutput {
    /// Exponentials of the logits, batch x items halves, panel after panel.
    private let exponentials: WordBuffer
    private let inputRows: WordBuffer
    private let inputStrips: WordBuffer
    /// A worker's logits of a panel.
    private let logits: [FloatBuffer]
    /// A worker's gradient of a panel's logits, as either left operand.
    private let byItems: [WordBuffer]
    private let byUsers: [WordBuffer]
    private let width: Int

    init(layer: Layer, batchSize: Int, workers: Workers) {
        width = layer.inputs
        exponentials = WordBuffer(count: (batchSize * layer.outputs + 1) / 2)
        inputRows = WordBuffer(count: batchSize * foldin_pairs(width))
        inputStrips = WordBuffer(count: foldin_strips(width, batchSize))
        logits = (0..<workers.count).map { _ in FloatBuffer(count: batchSize * itemsAPanel) }
        byItems = (0..<workers.count).map { _ in WordBuffer(count: batchSize * foldin_pairs(itemsAPanel)) }
        byUsers = (0..<workers.count).map { _ in WordBuffer(count: foldin_pairs(batchSize) * itemsAPanel) }
    }

    /// Packs the layer's input [users, width] for the step's products.
    func pack(_ input: UnsafePointer<Float>, users: Int, workers: Workers) {
        workers.forEach(2) { task, _ in
            if task == 0 {
                foldin_pack_rows(users, width, input, width, inputRows.pointer)
            } else {
                foldin_pack_strips(
                    users, width, foldin_matrix(start: input, stride: width, is_transposed: false), inputStrips.pointer)
            }
        }
    }

    /// From a panel's weights to its exponentials, with their `maxima` and `sums` and the `clicked` logits, each [users].
    func forward(
        _ items: Range<Int>, users: Int, clicks: foldin_clicks, weight: UnsafePointer<Float>, bias: UnsafePointer<Float>,
        maxima: UnsafeMutablePointer<Float>, sums: UnsafeMutablePointer<Float>, clicked: UnsafeMutablePointer<Float>, worker: Int
    ) {
        let panel = logits[worker].pointer
        foldin_multiply_rounding(
            users, items.count, width,
            foldin_left_pairs(start: inputRows.pointer, row_stride: foldin_pairs(width), pair_stride: 1),
            foldin_matrix(start: weight, stride: width, is_transposed: true), false, panel, items.count)
        foldin_sum_clicks(users, items.lowerBound, items.count, clicks, panel, bias, clicked)
        foldin_exponentials_rounded(
            users, items.count, panel, bias, maxima, sums, exponentials.halves + items.lowerBound * users)
    }

    /// From a panel's exponentials to its gradients: into `dInput` [users, width], whose rows are `dInputStride` floats apart, added
    /// where `adds`, `dWeight` [items, width] and `dBias` [items]; nil for a gradient that is not wanted. What is wanted `soon` is
    /// brought nearer meanwhile.
    func backward(
        _ items: Range<Int>, users: Int, clicks: foldin_clicks, scales: UnsafePointer<Float>, weight: UnsafePointer<Float>,
        dInput: UnsafeMutablePointer<Float>?, dInputStride: Int, adds: Bool, dWeight: UnsafeMutablePointer<Float>?,
        dBias: UnsafeMutablePointer<Float>, soon: foldin_soon, worker: Int
    ) {
        let (byItems, byUsers) = (byItems[worker].pointer, byUsers[worker].pointer)
        foldin_loss_gradient_rounded(
            users, items.lowerBound, items.count, clicks, 1 / Float(users), scales,
            exponentials.halves + items.lowerBound * users, byItems, byUsers, dBias)
        if let dInput {
            foldin_multiply_rounding(
                users, width, items.count,
                foldin_left_pairs(start: byItems, row_stride: foldin_pairs(items.count), pair_stride: 1),
                foldin_matrix(start: weight, stride: width, is_transposed: false), adds, dInput, dInputStride)
        }
        if let dWeight {
            foldin_multiply_pairs(
                items.count, width, users, foldin_left_pairs(start: byUsers, row_stride: 1, pair_stride: items.count),
                inputStrips.pointer, false, dWeight, width, soon)
        }
    }
}
