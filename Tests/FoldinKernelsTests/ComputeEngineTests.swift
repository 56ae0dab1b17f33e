import FoldinKernels
import FoldinTestSupport
import Foundation
import Testing

/// What every `ComputeEngine` does, against the same formulas in double precision.
@Suite("Compute engines") struct ComputeEngineTests {
    struct Conformer: CustomTestStringConvertible {
        let engine: any ComputeEngine
        var testDescription: String { "\(type(of: engine))" }
    }

    static let conformers = [Conformer(engine: KernelEngine()), Conformer(engine: ReferenceEngine())]
    /// Around the width of a vector, of four vectors, and of neither.
    static let lengths = [1, 2, 15, 16, 17, 33, 64, 100]
    /// Rows, columns, inner.
    static let shapes = [[1, 1, 1], [3, 17, 5], [13, 31, 64], [40, 65, 3], [5, 7, 0], [0, 3, 2]]

    /// Standard normal numbers in a buffer; the same for the same seed.
    static func numbers(_ count: Int, seed: UInt64 = 1) -> FloatBuffer {
        let buffer = FloatBuffer(count: count)
        RandomSource(seed: seed, stream: 0).normal(into: buffer.mutableVector)
        return buffer
    }

    static func doubles(_ buffer: FloatBuffer) -> [Double] { buffer.values.map(Double.init) }

    static func isNear(_ a: FloatBuffer, _ b: [Double], _ tolerance: Double = 2e-6) -> Bool {
        LoopsTests.near(a.values, b, tolerance)
    }

    /// All combinations of transposed operands, rows with gaps of NaN, into a matrix with gaps that must stay as they are.
    @Test(arguments: conformers, shapes)
    func productsAreSumsOfProducts(of conformer: Conformer, shape: [Int]) {
        let (rows, columns, inner) = (shape[0], shape[1], shape[2])
        func operand(_ rows: Int, _ columns: Int, isTransposed: Bool, seed: UInt64) -> (FloatBuffer, MatrixView) {
            let (height, width) = isTransposed ? (columns, rows) : (rows, columns)
            let buffer = Self.numbers(height * (width + 3), seed: seed)
            for row in 0..<height { for gap in 0..<3 { buffer.pointer[row * (width + 3) + width + gap] = .nan } }
            let stored = buffer.matrix(rows: height, columns: width + 3).columns(0..<width)
            return (buffer, isTransposed ? stored.transposed : stored)
        }
        for (left, right, adding) in [(false, false, false), (false, true, true), (true, false, false), (true, true, true)] {
            let (aBuffer, a) = operand(rows, inner, isTransposed: left, seed: 1)
            let (bBuffer, b) = operand(inner, columns, isTransposed: right, seed: 2)
            let cBuffer = Self.numbers(rows * (columns + 2), seed: 3)
            let before = cBuffer.values
            let c = cBuffer.mutableMatrix(rows: rows, columns: columns + 2).columns(0..<columns)
            if !adding { for row in 0..<rows { for column in 0..<columns { c[row, column] = .nan } } }
            conformer.engine.multiply(a, b, into: c, adding: adding)
            for row in 0..<rows {
                for column in 0..<columns + 2 {
                    let place = row * (columns + 2) + column
                    var expected = Double(before[place])
                    if column < columns {
                        if !adding { expected = 0 }
                        for k in 0..<inner { expected += Double(a[row, k]) * Double(b[k, column]) }
                    }
                    #expect(abs(Double(cBuffer.pointer[place]) - expected) < 1e-5 * max(1, abs(expected)))
                }
            }
            withExtendedLifetime((aBuffer, bBuffer)) {}
        }
    }

    @Test(arguments: conformers, lengths)
    func productsWithSelectedRowsAreThoseOfTheRows(of conformer: Conformer, inner: Int) {
        let a = Self.numbers(inner)
        let b = Self.numbers(9 * inner, seed: 2)
        let rows: [Int32] = [8, 0, 3, 3]
        let c = FloatBuffer(count: rows.count)
        rows.withUnsafeBufferPointer {
            conformer.engine.multiply(a.vector, rows: $0, of: b.matrix(rows: 9, columns: inner), into: c.mutableVector)
        }
        let expected = rows.map { row in
            (0..<inner).reduce(0.0) { $0 + Double(a.pointer[$1]) * Double(b.pointer[Int(row) * inner + $1]) }
        }
        #expect(Self.isNear(c, expected, 1e-5))
    }

    @Test(arguments: conformers, lengths)
    func sparseProductsReadNoRowOfFactorZero(of conformer: Conformer, width: Int) {
        let matrix = Self.numbers(4 * width)
        for column in 0..<width { matrix.pointer[2 * width + column] = .nan }
        let start = Self.numbers(width, seed: 2)
        for (indices, factors, begins) in [([], [], true), ([3, 0, 2, 3], [0.5, -2, 0, 1], true), ([1], [3], false)]
            as [([Int32], [Float], Bool)]
        {
            let out = Self.numbers(width, seed: 9)
            indices.withUnsafeBufferPointer { indices in
                factors.withUnsafeBufferPointer { factors in
                    conformer.engine.multiply(
                        SparseVector(indices: indices, values: VectorView(factors)), matrix.matrix(rows: 4, columns: width),
                        plus: begins ? start.vector : nil, into: out.mutableVector)
                }
            }
            let expected = (0..<width).map { (column: Int) -> Double in
                var sum = begins ? Double(start.pointer[column]) : 0
                for (index, factor) in zip(indices, factors) where factor != 0 {
                    sum += Double(factor) * Double(matrix.pointer[Int(index) * width + column])
                }
                return sum
            }
            #expect(Self.isNear(out, expected))
        }
    }

    /// A sum may be taken in place: the start is the result of another one.
    @Test(arguments: conformers)
    func sparseProductsMayBeAddedInPlace(of conformer: Conformer) {
        let out = FloatBuffer([1, 2] as [Float])
        let matrix = FloatBuffer([10, 20] as [Float])
        [Int32(0)].withUnsafeBufferPointer { indices in
            [Float(2)].withUnsafeBufferPointer { factors in
                conformer.engine.multiply(
                    SparseVector(indices: indices, values: VectorView(factors)), matrix.matrix(rows: 1, columns: 2),
                    plus: out.vector, into: out.mutableVector)
            }
        }
        #expect(out.values == [21, 42])
    }

    @Test(arguments: conformers, lengths)
    func exponentialsAreOfLogitsMinusTheLargest(of conformer: Conformer, items: Int) {
        let users = 3
        let logits = Self.numbers(users * items)
        let bias = Self.numbers(items, seed: 2)
        let shifted = (0..<users).map { user in
            (0..<items).map { Double(logits.pointer[user * items + $0] + bias.pointer[$0]) }
        }
        let (maxima, sums) = (FloatBuffer(count: users), FloatBuffer(count: users))
        conformer.engine.exponentials(
            logits.mutableMatrix(rows: users, columns: items), bias: bias.vector, maxima: maxima.mutableVector,
            sums: sums.mutableVector)
        let tops = shifted.map { $0.reduce(-.infinity, max) }
        #expect(Self.doubles(maxima) == tops)
        let expected = zip(shifted, tops).map { row, top in row.map { exp($0 - top) } }
        #expect(Self.isNear(logits, expected.flatMap { $0 }) && Self.isNear(sums, expected.map { $0.reduce(0, +) }))
    }

    /// Users with clicks before, in and behind the panel, at both of its ends, and one without any.
    @Test(arguments: conformers, lengths)
    func clickedLogitsAndTheLossGradientSeeThePanelsClicksAlone(of conformer: Conformer, items: Int) {
        let first = 20
        let rows = [[0, 5, 19, 20, 21], [20 + items - 1, 20 + items, 20 + items + 7], []].map { row in
            Set(row).sorted().map { Int32($0) }
        }
        let starts = rows.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1.count) }
        let logits = Self.numbers(3 * items)
        let before = Self.doubles(logits)
        let bias = Self.numbers(items, seed: 2)
        let scales = FloatBuffer([0.5, -2, 3] as [Float])
        let shares = FloatBuffer([0.25, 0.75, 2] as [Float])
        let (clicked, columnSums) = (FloatBuffer(count: 3), FloatBuffer(count: items))
        BatchClicks.withClicks(starts: starts, items: rows.flatMap { $0 }) { clicks in
            conformer.engine.sumClicked(
                logits.matrix(rows: 3, columns: items), bias: bias.vector, clicks: clicks, firstItem: first,
                into: clicked.mutableVector)
            conformer.engine.lossGradient(
                logits.mutableMatrix(rows: 3, columns: items), scales: scales.vector, clicks: clicks, firstItem: first,
                shares: shares.vector, columnSums: columnSums.mutableVector)
        }
        let panels = rows.map { row in row.map { Int($0) - first }.filter { (0..<items).contains($0) } }
        #expect(
            Self.isNear(
                clicked,
                panels.enumerated().map { user, panel in
                    panel.reduce(0.0) { $0 + before[user * items + $1] + Double(bias.pointer[$1]) }
                }))
        let gradient = before.enumerated().map { place, value in
            value * Double(scales.pointer[place / items])
                - (panels[place / items].contains(place % items) ? Double(shares.pointer[place / items]) : 0)
        }
        #expect(Self.isNear(logits, gradient))
        #expect(
            Self.isNear(columnSums, (0..<items).map { column in (0..<3).reduce(0) { $0 + gradient[$1 * items + column] } }, 1e-5))
    }

    /// The update of Adam number `t`.
    static func update(_ t: Double, shrink: Float = 1, l2: Float = 0) -> AdamUpdate {
        AdamUpdate(
            stepSize: Float(0.01 / (1 - pow(0.9, t))), secondMomentScale: Float(1 / (1 - pow(0.999, t)).squareRoot()), beta1: 0.9,
            beta2: 0.999, epsilon: 1e-8, shrink: shrink, l2: l2)
    }

    struct Weights {
        let weights: FloatBuffer, first: FloatBuffer, second: FloatBuffer

        init(_ count: Int, seconds: Int? = nil) {
            weights = ComputeEngineTests.numbers(count, seed: 1)
            first = ComputeEngineTests.numbers(count, seed: 2)
            second = FloatBuffer(ComputeEngineTests.numbers(seconds ?? count, seed: 3).values.map { $0 * $0 })
        }

        var view: AdamWeights {
            AdamWeights(weights: weights.mutableVector, firstMoments: first.mutableVector, secondMoments: second.mutableVector)
        }
    }

    /// Without decay, with AdamW's, and with L2.
    static let decays: [(shrink: Float, l2: Float)] = [(1, 0), (0.99, 0), (1, 0.1)]

    @Test(arguments: conformers, lengths)
    func adamFollowsItsFormula(of conformer: Conformer, count: Int) {
        for decay in Self.decays { checkAdam(conformer, count, shrink: decay.shrink, l2: decay.l2) }
    }

    private func checkAdam(_ conformer: Conformer, _ count: Int, shrink: Float, l2: Float) {
        let all = Weights(count)
        let gradient = Self.numbers(count, seed: 4)
        let update = Self.update(3, shrink: shrink, l2: l2)
        var (w, m, v) = (Self.doubles(all.weights), Self.doubles(all.first), Self.doubles(all.second))
        for i in 0..<count {
            let g = Double(gradient.pointer[i]) + Double(l2) * w[i]
            m[i] = 0.9 * m[i] + 0.1 * g
            v[i] = 0.999 * v[i] + 0.001 * g * g
            w[i] =
                w[i] * Double(shrink) - Double(update.stepSize) * m[i]
                / (v[i].squareRoot() * Double(update.secondMomentScale) + 1e-8)
        }
        conformer.engine.prefetch(all.view)
        conformer.engine.update(all.view, gradient: gradient.vector, update)
        #expect(Self.isNear(all.weights, w, 1e-5) && Self.isNear(all.first, m) && Self.isNear(all.second, v))
    }

    @Test(arguments: conformers, lengths)
    func updatesWithoutGradientAreUpdatesWithZeros(of conformer: Conformer, count: Int) {
        let (together, apart) = (Weights(count), Weights(count))
        let updates = (5...11).map { Self.update(Double($0), shrink: 0.99, l2: 0.1) }
        updates.withUnsafeBufferPointer { conformer.engine.updateWithoutGradient(together.view, $0) }
        let zeros = FloatBuffer(count: count)
        for update in updates { conformer.engine.update(apart.view, gradient: zeros.vector, update) }
        #expect(together.weights.values == apart.weights.values)
        #expect(together.first.values == apart.first.values && together.second.values == apart.second.values)
        updates.prefix(0).withUnsafeBufferPointer { conformer.engine.updateWithoutGradient(together.view, $0) }
        #expect(together.weights.values == apart.weights.values)
    }

    @Test(arguments: conformers, lengths)
    func aRowSharesOneSecondMoment(of conformer: Conformer, count: Int) {
        let row = Weights(count, seconds: 1)
        let gradient = Self.numbers(count, seed: 4)
        let update = Self.update(3, shrink: 0.99)
        var (w, m, v) = (Self.doubles(row.weights), Self.doubles(row.first), Self.doubles(row.second)[0])
        v = 0.999 * v + 0.001 * Self.doubles(gradient).reduce(0) { $0 + $1 * $1 } / Double(count)
        for i in 0..<count {
            m[i] = 0.9 * m[i] + 0.1 * Double(gradient.pointer[i])
            w[i] = 0.99 * w[i] - Double(update.stepSize) * m[i] / (v.squareRoot() * Double(update.secondMomentScale) + 1e-8)
        }
        conformer.engine.updateRow(row.view, gradient: gradient.vector, update)
        #expect(Self.isNear(row.weights, w, 1e-5) && Self.isNear(row.first, m) && Self.isNear(row.second, [v]))

        let skipped = SkippedAdamUpdates(firstDecay: 0.5, secondDecay: 0.75, shrink: 0.9, move: 0.02, epsilon: 1e-8)
        for i in 0..<count {
            w[i] = 0.9 * w[i] - 0.02 * m[i] / (v.squareRoot() + 1e-8)
            m[i] *= 0.5
        }
        conformer.engine.resumeRow(row.view, skipped)
        #expect(Self.isNear(row.weights, w, 1e-5) && Self.isNear(row.first, m) && Self.isNear(row.second, [0.75 * v]))
    }

    @Test(arguments: conformers, lengths)
    func reductionsAddUpRows(of conformer: Conformer, columns: Int) {
        let (x, y) = (Self.numbers(5 * (columns + 2)), Self.numbers(5 * columns, seed: 2))
        let part = x.matrix(rows: 5, columns: columns + 2).columns(1..<columns + 1)
        let sums = FloatBuffer(count: columns)
        conformer.engine.sumColumns(part, into: sums.mutableVector)
        #expect(Self.isNear(sums, (0..<columns).map { column in (0..<5).reduce(0.0) { $0 + Double(part[$1, column]) } }))
        let matrix = y.matrix(rows: 5, columns: columns)
        conformer.engine.sumProducts(matrix, matrix, into: sums.mutableVector)
        #expect(
            Self.isNear(sums, (0..<columns).map { column in (0..<5).reduce(0.0) { $0 + pow(Double(matrix[$1, column]), 2) } }))
        let bias = Self.numbers(columns, seed: 3)
        let before = x.values
        conformer.engine.add(
            bias: bias.vector, to: x.mutableMatrix(rows: 5, columns: columns + 2).columns(1..<columns + 1))
        let expected = before.enumerated().map { place, value in
            let column = place % (columns + 2) - 1
            return (0..<columns).contains(column) ? value + bias.pointer[column] : value
        }
        #expect(x.values == expected)
        let total = Self.numbers(columns, seed: 4)
        let start = total.values
        conformer.engine.add(bias.vector, to: total.mutableVector)
        #expect(total.values == zip(start, bias.values).map { $0 + $1 })
        conformer.engine.add(bias: bias.vector, to: total.mutableMatrix(rows: 1, columns: columns))
        #expect(total.values == zip(start, bias.values).map { $0 + $1 + $1 })
    }

    @Test(arguments: conformers, lengths)
    func tanhAndItsGradient(of conformer: Conformer, count: Int) {
        let (x, gradient) = (Self.numbers(count), Self.numbers(count, seed: 2))
        let (inputs, before) = (Self.doubles(x), Self.doubles(gradient))
        conformer.engine.tanh(x.vector, into: x.mutableVector)
        #expect(Self.isNear(x, inputs.map { Foundation.tanh($0) }))
        conformer.engine.tanhBackward(gradient.mutableVector, y: x.vector)
        #expect(Self.isNear(gradient, zip(before, inputs).map { $0 / pow(cosh($1), 2) }))
    }

    /// The gradient by central differences of the forward pass in double precision.
    @Test(arguments: conformers, [2, 16, 33])
    func swishNormAndItsGradient(of conformer: Conformer, width: Int) {
        let rows = 2
        let (x, dOut) = (Self.numbers(rows * width), Self.numbers(rows * width, seed: 2))
        let (gain, shift) = (Self.numbers(width, seed: 3), Self.numbers(width, seed: 4))
        func normalize(_ x: ArraySlice<Double>) -> [Double] {
            let s = x.map { $0 / (1 + exp(-$0)) }
            let mean = s.reduce(0, +) / Double(width)
            let variance = s.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(width)
            return s.map { ($0 - mean) / (variance + 0.1).squareRoot() }
        }
        func row(_ x: [Double], _ row: Int) -> ArraySlice<Double> { x[row * width..<(row + 1) * width] }
        let inputs = Self.doubles(x)
        let (normalized, out, dX) = (FloatBuffer(count: x.count), FloatBuffer(count: x.count), FloatBuffer(count: x.count))
        let inverses = FloatBuffer(count: rows)
        func view(_ buffer: FloatBuffer) -> MutableMatrixView { buffer.mutableMatrix(rows: rows, columns: width) }
        conformer.engine.swishNorm(
            view(x).readOnly, gain: gain.vector, shift: shift.vector, epsilon: 0.1, normalized: view(normalized),
            inverses: inverses.mutableVector, into: view(out))
        conformer.engine.swishNormBackward(
            view(dOut).readOnly, x: view(x).readOnly, normalized: view(normalized).readOnly, inverses: inverses.vector,
            gain: gain.vector, into: view(dX))
        let expected = (0..<rows).flatMap { normalize(row(inputs, $0)) }
        #expect(Self.isNear(normalized, expected, 1e-5))
        #expect(
            Self.isNear(
                out, expected.enumerated().map { $1 * Double(gain.pointer[$0 % width]) + Double(shift.pointer[$0 % width]) }, 1e-5
            ))
        func objective(_ x: [Double]) -> Double {
            (0..<rows).reduce(0.0) { total, index in
                total
                    + normalize(row(x, index)).enumerated().reduce(0.0) {
                        $0 + $1.element * Double(gain.pointer[$1.offset]) * Double(dOut.pointer[index * width + $1.offset])
                    }
            }
        }
        let gradient = inputs.indices.map { place in
            var (more, less) = (inputs, inputs)
            more[place] += 1e-5
            less[place] -= 1e-5
            return (objective(more) - objective(less)) / 2e-5
        }
        #expect(Self.isNear(dX, gradient, 2e-5))
    }

    /// Samples and divergences by their formulas, gradients by central differences.
    @Test(arguments: conformers, [1, 16, 33])
    func latentSamplesAndTheirGradients(of conformer: Conformer, latent: Int) {
        let (moments, noise) = (Self.numbers(2 * latent), Self.numbers(latent, seed: 2))
        let (earlier, dZ) = (Self.numbers(2 * latent, seed: 3), Self.numbers(latent, seed: 4))
        let (z, slopes, dMoments) = (FloatBuffer(count: latent), FloatBuffer(count: latent), FloatBuffer(count: 2 * latent))
        let inputs = Self.doubles(moments)
        let prior = CompositePrior(logStandard: log(0.15), logEarlier: log(0.75), logWide: log(0.1), wideLogVariance: 10)
        func sample(_ moments: [Double]) -> [Double] {
            (0..<latent).map { moments[$0] + Double(noise.pointer[$0]) * exp(moments[latent + $0] / 2) }
        }
        func divergence(_ moments: [Double]) -> Double {
            (0..<latent).reduce(0.0) { $0 - 0.5 * (1 + moments[latent + $1] - pow(moments[$1], 2) - exp(moments[latent + $1])) }
        }
        func compositeDivergence(_ moments: [Double]) -> Double {
            zip(0..<latent, sample(moments)).reduce(0.0) { total, next in
                let (i, z) = next
                func density(_ mean: Double, _ logvar: Double) -> Double {
                    exp(-0.5 * (logvar + pow(z - mean, 2) * exp(-logvar)))
                }
                let mixture =
                    0.15 * density(0, 0) + 0.75 * density(Double(earlier.pointer[i]), Double(earlier.pointer[latent + i]))
                    + 0.1 * density(0, 10)
                return total - 0.5 * (moments[latent + i] + pow(Double(noise.pointer[i]), 2)) - log(mixture)
            }
        }
        func gradient(of divergence: ([Double]) -> Double) -> [Double] {
            func objective(_ moments: [Double]) -> Double {
                zip(sample(moments), Self.doubles(dZ)).reduce(0.3 * divergence(moments)) { $0 + $1.0 * $1.1 }
            }
            return inputs.indices.map { place in
                var (more, less) = (inputs, inputs)
                more[place] += 1e-5
                less[place] -= 1e-5
                return (objective(more) - objective(less)) / 2e-5
            }
        }
        let plain = conformer.engine.sampleLatent(moments: moments.vector, noise: noise.vector, into: z.mutableVector)
        #expect(Self.isNear(z, sample(inputs)) && abs(plain - divergence(inputs)) < 1e-5 * max(1, abs(plain)))
        conformer.engine.sampleLatentBackward(
            dZ.vector, moments: moments.vector, noise: noise.vector, weight: 0.3, into: dMoments.mutableVector)
        #expect(Self.isNear(dMoments, gradient(of: divergence), 1e-5))

        let composite = conformer.engine.sampleLatent(
            moments: moments.vector, noise: noise.vector, prior: prior, earlier: earlier.vector, into: z.mutableVector,
            slopes: slopes.mutableVector)
        #expect(Self.isNear(z, sample(inputs)) && abs(composite - compositeDivergence(inputs)) < 1e-5 * max(1, abs(composite)))
        conformer.engine.sampleLatentBackward(
            dZ.vector, moments: moments.vector, noise: noise.vector, slopes: slopes.vector, weight: 0.3,
            into: dMoments.mutableVector)
        #expect(Self.isNear(dMoments, gradient(of: compositeDivergence), 1e-5))
    }
}
