import CFoldinKernels
import Foundation
import Testing

/// Adam and the latent sample against their formulas.
@Suite("Updates and samples") struct UpdateTests {
    static let numbers = LoopsTests.numbers

    /// The step after `t - 1` others, as `Adam.step(number:)` makes it.
    static func step(_ t: Double, shrink: Float = 1, l2: Float = 0) -> foldin_adam_step {
        foldin_adam_step(
            step_size: Float(0.01 / (1 - pow(0.9, t))), second_moment_scale: Float(1 / sqrt(1 - pow(0.999, t))), beta1: 0.9,
            beta2: 0.999, epsilon: 1e-8, shrink: shrink, l2: l2)
    }

    @Test(arguments: LoopsTests.lengths, [0, 1, 2, 3])
    func adamFollowsItsFormula(count: Int, kind: Int) {
        let (shrink, l2): (Float, Float) = [(1, 0), (0.99, 0), (1, 0.1), (1, 0)][kind]
        var w = Self.numbers(count, 1) + [LoopsTests.guardian]
        var m = w.map { _ in Float(0) }
        var v = m
        var (weights, first, second) = (
            w.dropLast().map(Double.init), m.dropLast().map(Double.init), v.dropLast().map(Double.init)
        )
        for t in 1...4 {
            // The last kind has no gradient after the first step, like an item without clicks in the batch.
            let gradient = kind == 3 && t > 1 ? nil : Self.numbers(count, UInt64(10 + t))
            var update = Self.step(Double(t), shrink: shrink, l2: l2)
            if let gradient {
                foldin_adam(&update, count, &w, &m, &v, gradient)
            } else {
                foldin_adam_without_gradient(&update, 1, count, &w, &m, &v)
            }
            for i in 0..<count {
                let g = Double(gradient?[i] ?? 0) + Double(l2) * weights[i]
                first[i] = 0.9 * first[i] + 0.1 * g
                second[i] = 0.999 * second[i] + 0.001 * g * g
                let (corrected, scale) = (first[i] / (1 - pow(0.9, Double(t))), second[i] / (1 - pow(0.999, Double(t))))
                weights[i] = weights[i] * Double(shrink) - 0.01 * corrected / (sqrt(scale) + 1e-8)
            }
        }
        #expect(LoopsTests.near(Array(w.dropLast()), weights, 1e-5))
        #expect(LoopsTests.near(Array(m.dropLast()), first) && LoopsTests.near(Array(v.dropLast()), second))
        #expect(w.last == LoopsTests.guardian && m.last == 0 && v.last == 0)
    }

    /// Steps without a gradient, taken together, are the same bits as one after the other with a gradient of zeros.
    @Test(arguments: LoopsTests.lengths, [0, 1, 2])
    func stepsWithoutGradientAreStepsWithZeros(count: Int, kind: Int) {
        let (shrink, l2): (Float, Float) = [(1, 0), (0.99, 0), (1, 0.1)][kind]
        let zeros = [Float](repeating: 0, count: count)
        var w = Self.numbers(count, 1) + [LoopsTests.guardian]
        var m = Self.numbers(count, 2) + [0]
        var v = Self.numbers(count, 3).map { $0 * $0 } + [0]
        var (weights, first, second) = (w, m, v)
        let steps = (5...11).map { Self.step(Double($0), shrink: shrink, l2: l2) }
        foldin_adam_without_gradient(steps, steps.count, count, &w, &m, &v)
        for var step in steps { foldin_adam(&step, count, &weights, &first, &second, zeros) }
        #expect(w.map(\.bitPattern) == weights.map(\.bitPattern))
        #expect(m.map(\.bitPattern) == first.map(\.bitPattern) && v.map(\.bitPattern) == second.map(\.bitPattern))
    }

    @Test(arguments: LoopsTests.lengths)
    func theLatentSampleFollowsItsFormula(latent: Int) {
        let moments = Self.numbers(2 * latent, 1)
        let epsilon = Self.numbers(latent, 2)
        let dz = Self.numbers(latent, 3)
        var z = [Float](repeating: LoopsTests.guardian, count: latent + 1)
        let divergence = foldin_sample_latent(latent, moments, epsilon, &z)
        let (mu, logvar) = (moments.prefix(latent).map(Double.init), moments.suffix(latent).map(Double.init))
        #expect(LoopsTests.near(Array(z.dropLast()), (0..<latent).map { mu[$0] + Double(epsilon[$0]) * exp(logvar[$0] / 2) }))
        #expect(z.last == LoopsTests.guardian)
        let terms = (0..<latent).map { (i: Int) -> Double in -0.5 * (1 + logvar[i] - mu[i] * mu[i] - exp(logvar[i])) }
        let expected = terms.reduce(0, +)
        #expect(abs(divergence - expected) <= 1e-5 * max(1, expected) && (latent == 0 || divergence > 0))

        var gradient = [Float](repeating: LoopsTests.guardian, count: 2 * latent + 1)
        foldin_sample_latent_backward(latent, moments, epsilon, dz, 0.3, &gradient)
        let dMu = (0..<latent).map { Double(dz[$0]) + 0.3 * mu[$0] }
        let dLogvar = (0..<latent).map { (i: Int) -> Double in
            let fromSample = 0.5 * Double(dz[i]) * Double(epsilon[i]) * exp(logvar[i] / 2)
            return fromSample + 0.15 * (exp(logvar[i]) - 1)
        }
        #expect(LoopsTests.near(Array(gradient.dropLast()), dMu + dLogvar) && gradient.last == LoopsTests.guardian)
    }
}
