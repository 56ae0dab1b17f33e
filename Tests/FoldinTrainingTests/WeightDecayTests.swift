import FoldinKernels
import Testing

@testable import FoldinTraining

/// Two updates of one weight, worked out by hand: learning rate 0.1, decay 0.1, weight 0.5, gradients 0.2 and -0.1.
@Suite("Weight decay by hand") struct WeightDecayTests {
    static func weights(_ adam: Adam, _ engine: any ComputeEngine = KernelEngine()) -> [Float] {
        let numbers = FloatBuffer([0.5, 0, 0, 0])
        return withExtendedLifetime(numbers) {
            let all = numbers.mutableVector
            let weight = AdamWeights(weights: all[0..<1], firstMoments: all[1..<2], secondMoments: all[2..<3])
            return ([0.2, -0.1] as [Float]).enumerated().map { index, gradient in
                all[3] = gradient
                engine.update(weight, gradient: all[3..<4].readOnly, adam.update(number: index + 1))
                return all[0]
            }
        }
    }

    /// PyTorch's AdamW: w = w (1 - 0.01) - 0.1 mHat / sqrt(vHat).
    ///
    /// First 0.5 * 0.99 - 0.1 = 0.395, as mHat / sqrt(vHat) is the gradient's sign. Then m = 0.9 * 0.02 - 0.01 = 0.008 and
    /// v = 0.999 * 0.00004 + 0.00001 = 0.00004996; mHat = 0.008 / 0.19 and vHat = 0.00004996 / 0.001999;
    /// 0.395 * 0.99 - 0.1 * 0.04210526 / 0.15808937 = 0.39105 - 0.02663383.
    @Test(arguments: TestedEngine.all) func decoupledDecayIsThatOfPyTorchsAdamW(engine: TestedEngine) {
        let weights = Self.weights(Adam(learningRate: 0.1, decoupledDecay: 0.1), engine.engine)
        #expect(abs(weights[0] - 0.395) < 1e-6 && abs(weights[1] - 0.36441617) < 1e-6, "\(weights)")
    }

    /// MXNet's Adam: the gradient becomes g + 0.1 w, then w = w - 0.1 sqrt(1 - 0.999^t) / (1 - 0.9^t) m / (sqrt(v) + epsilon).
    ///
    /// First g = 0.25, hence 0.5 - 0.1 = 0.4. Then g = -0.1 + 0.04 = -0.06; m = 0.9 * 0.025 - 0.006 = 0.0165 and
    /// v = 0.999 * 0.0000625 + 0.0000036 = 0.0000660375; 0.4 - 0.1 * sqrt(0.001999) / 0.19 * 0.0165 / sqrt(0.0000660375), which is 0.4 - 0.04777948.
    @Test(arguments: TestedEngine.all) func l2DecayIsThatOfMXNetsAdam(engine: TestedEngine) {
        let weights = Self.weights(Adam(learningRate: 0.1, decay: 0.1), engine.engine)
        #expect(abs(weights[0] - 0.4) < 1e-6 && abs(weights[1] - 0.35222052) < 1e-6, "\(weights)")
    }

    @Test func theTwoKindsOfDecayDiffer() {
        #expect(Self.weights(Adam(learningRate: 0.1))[0] == 0.4)
        #expect(Self.weights(Adam(learningRate: 0.1, decay: 0.1)) != Self.weights(Adam(learningRate: 0.1, decoupledDecay: 0.1)))
    }
}
