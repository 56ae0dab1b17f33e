import FoldinInteractions
import FoldinKernels
import FoldinModels
import Foundation

/// How logits and losses are scaled, beside what Liang et al. (2018) do; by default not at all.
///
/// With d_u the clicks of a user and d their mean over the training users:
///
/// | part | with | without |
/// |---|---|---|
/// | a logit of the decoder's last input h and an item's row w | h . w / (\|h\| \|w\| temperature) | h . w + bias |
/// | a user's log-likelihood | times (d_u / d)^-userPower | times 1 |
///
/// The trained model is a plain one, whose last layer has rows of length 1 and no biases: its scores lack only a factor of the user.
public struct Normalization: Sendable, Equatable {
    /// What cosines are divided by to make logits; nil for logits that are inner products plus biases.
    public var temperature: Float?
    /// The power of a user's number of clicks by which the user's loss is divided.
    public var userPower: Float

    /// What Liang et al. do.
    public static let none = Normalization()

    /// A normalisation; `validationError` tells whether it can be trained with.
    public init(temperature: Float? = nil, userPower: Float = 0) {
        (self.temperature, self.userPower) = (temperature, userPower)
    }

    /// The first invalid setting; nil if valid.
    public var validationError: String? {
        if let temperature, !(temperature > 0 && temperature.isFinite) {
            return "a temperature of \(temperature); expected more than 0"
        }
        return (0...2).contains(userPower) ? nil : "a user power of \(userPower); expected 0 to 2"
    }

    /// The weight of the loss of a user with `count` clicks, where users have `mean` of them.
    func userWeight(_ count: Int, mean: Double) -> Float {
        userPower == 0 ? 1 : Float(pow(Double(max(1, count)) / mean, -Double(userPower)))
    }
}

/// The vectors of items that a head multiplies: the rows of the last layer's weights, or, for cosines, these divided by their lengths.
struct ItemDirections: Sendable {
    /// A worker's divided rows of a panel, [items, width], and 1 / the length of each; empty for plain rows.
    private let rows: [FloatBuffer]
    private let scales: [FloatBuffer]

    var areNormalized: Bool { !rows.isEmpty }

    init(areNormalized: Bool, width: Int, workers: Int) {
        let count = areNormalized ? workers : 0
        rows = (0..<count).map { _ in FloatBuffer(count: itemsPerPanel * width) }
        scales = (0..<count).map { _ in FloatBuffer(count: itemsPerPanel) }
    }

    /// The vectors of a panel whose weights are `weights`; valid until the worker asks for others.
    func vectors(_ weights: MatrixView, _ worker: Int) -> MatrixView {
        guard areNormalized else { return weights }
        let result = MutableMatrixView(rows[worker], offset: 0, rows: weights.rows, columns: weights.columns)
        for row in 0..<weights.rows {
            scales[worker].pointer[row] = normalize(weights.row(row), into: result.row(row))
        }
        return result.readOnly
    }

    /// From the gradient of the vectors that `vectors` gave last to that of the weights: dw = (da - (da . a) a) / |w|.
    func project(_ gradient: MutableMatrixView, _ worker: Int) {
        guard areNormalized else { return }
        let vectors = rows[worker].matrix(rows: itemsPerPanel, columns: gradient.columns)
        for row in 0..<gradient.rows {
            projectNormalized(gradient.row(row), vectors.row(row), scale: scales[worker].pointer[row])
        }
    }
}

/// target = vector / |vector|; returns 1 / |vector|, or 0, with a target of zeros, for a vector of zeros.
@discardableResult
func normalize(_ vector: VectorView, into target: MutableVectorView) -> Float {
    let scale = inverseLength(vector)
    for i in 0..<vector.count { target.start[i] = vector.start[i] * scale }
    return scale
}

/// From the gradient of a vector's direction to that of the vector, in place: (g - (g . direction) direction) scale, where `scale` is 1 / its
/// length.
func projectNormalized(_ gradient: MutableVectorView, _ direction: VectorView, scale: Float) {
    let product = dot(gradient.readOnly, direction)
    for i in 0..<gradient.count { gradient.start[i] = (gradient.start[i] - product * direction.start[i]) * scale }
}

/// The last layer's input divided by its length and the temperature, of a batch.
struct InputDirection: Sendable {
    private let temperature: Float
    private let users: Int
    private let width: Int
    /// h / (|h| temperature), [users, width].
    private let values: FloatBuffer
    /// 1 / |h|, [users].
    private let scales: FloatBuffer

    init(users: Int, width: Int, temperature: Float) {
        (self.users, self.width, self.temperature) = (users, width, temperature)
        values = FloatBuffer(count: users * width)
        scales = FloatBuffer(count: users)
    }

    /// What the last layer multiplies by the items' vectors, [users, width].
    var directions: MutableMatrixView { values.mutableMatrix(rows: users, columns: width) }

    /// For some users, of their `inputs` [users, width].
    func forward(_ users: Range<Int>, _ inputs: MutableMatrixView) {
        for user in users {
            let row = directions.row(user)
            scales.pointer[user] = normalize(inputs.row(user).readOnly, into: row)
            scale(row, by: 1 / temperature)
        }
    }

    /// From the gradient of `directions` of some users, [users.count, width], to that of the inputs, in place.
    func backward(_ users: Range<Int>, _ gradients: MutableMatrixView) {
        for (place, user) in users.enumerated() {
            // g = temperature * directions has length 1: (d - (d . g) g) / (|h| temperature).
            let (gradient, row) = (gradients.row(place), directions.row(user))
            let product = dot(gradient.readOnly, row.readOnly) * temperature * temperature
            let factor = scales.pointer[user] / temperature
            for i in 0..<width { gradient.start[i] = (gradient.start[i] - product * row.start[i]) * factor }
        }
    }
}

extension NetworkStep {
    /// The weights of a network whose logits are inner products: with cosines a copy of the last layer with rows of length 1, beside the
    /// memory of the others.
    func plainWeights() -> Parameters {
        let weights = parameters.weights
        guard normalization.temperature != nil else { return weights }
        var linears = weights.linears
        let linear = linears[parameters.lastIndex]
        let (items, width) = (weights.shape.items, weights.shape.last.inputs)
        let copy = FloatBuffer(count: items * width)
        let (rows, targets) = (
            linear.weight.matrix(rows: items, columns: width), copy.mutableMatrix(rows: items, columns: width)
        )
        setup.workers.forEachPiece(of: items, size: itemsPerPanel) { panel, _ in
            for item in panel { normalize(rows.row(item), into: targets.row(item)) }
        }
        linears[parameters.lastIndex] = Parameters.Linear(weight: copy, bias: linear.bias)
        return Parameters(weights.shape, linears, weights.norms)
    }
}
