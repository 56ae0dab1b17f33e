import FoldinInteractions
import FoldinKernels
import FoldinModels
import FoldinTestSupport
import Foundation
import Testing

@testable import FoldinTraining

/// Rows of the first layer that no click reads are updated later, to the same bits.
@Suite("Deferred updates") struct DeferredUpdatesTests {
    /// Three panels of items, most of which a batch does not click.
    static let matrix = InteractionMatrix.synthetic(users: 60, items: 700, meanInteractions: 6, seed: 5)

    static func setup(threads: Int = 2) -> SessionSetup {
        SessionSetup(clicks: matrix, batchSize: 20, seed: 3, workers: Workers(count: threads))
    }

    /// Weights and moments after `steps` updates of a falling rate; with `flushes`, no update is deferred for longer than a step.
    static func trained(
        _ session: some TrainingSession, _ step: NetworkStep, steps: Int, flushes: Bool, decay: Float = 0
    ) -> [Data] {
        var adam = Adam(decoupledDecay: 0.01, decay: decay)
        for number in 0..<steps {
            adam.learningRate = 0.02 / Float(1 + number)
            let start = number % 3 * 20
            session.run(
                Shuffle.order(60, pass: number / 3, seed: 3)[start..<start + 20],
                SessionUpdate(number: number, beta: 0.2, adam: adam))
            if flushes { session.flush(updates: number + 1, adam: adam) }
        }
        session.flush(updates: steps, adam: adam)
        return step.parameters.bits
    }

    /// Fewer steps than may be deferred, as many, one more, and several rounds.
    @Test(arguments: [1, DeferredRows.most, DeferredRows.most + 1, 3 * DeferredRows.most + 7])
    func deferredUpdatesGiveTheBitsOfImmediateOnes(steps: Int) {
        for family in Architecture.Family.allCases {
            let architecture = SmallNetwork(family, depth: 2).architecture(items: 700, dropout: 0.4)
            func trained(flushes: Bool, threads: Int, decay: Float) -> [Data] {
                // The moments begin at 0 and the weights are drawn by seed 1, the noise by seed 3.
                let session = AutoencoderSession(Autoencoder(initializing: architecture, seed: 1), Self.setup(threads: threads))
                return Self.trained(session, session.step, steps: steps, flushes: flushes, decay: decay)
            }
            for decay: Float in [0, 0.1] {
                let atOnce = trained(flushes: true, threads: 2, decay: decay)
                #expect(trained(flushes: false, threads: 3, decay: decay) == atOnce)
            }
        }
    }

    @Test(arguments: [11, 12, 80])
    func deferredUpdatesOfRecVAEGiveTheBitsOfImmediateOnes(steps: Int) {
        func trained(flushes: Bool) -> [Data] {
            let architecture = RecVAEArchitecture(items: 700, width: 9, depth: 2, latent: 4, dropout: 0.3)
            let session = RecVAESession(RecVAEModel(initializing: architecture, seed: 1), gamma: 0.2, Self.setup())
            return Self.trained(session, session.step, steps: steps, flushes: flushes)
        }
        #expect(trained(flushes: false) == trained(flushes: true))
    }

    /// The tests above can fail: without a flush, rows lack updates.
    @Test func rowsLackUpdatesUntilAFlush() {
        let session = AutoencoderSession(SmallNetwork(.multDAE, depth: 1).autoencoder(items: 700), Self.setup())
        for number in 0..<2 {
            session.run(
                ArraySlice(Int32(number) * 20..<Int32(number) * 20 + 20),
                SessionUpdate(number: number, beta: 0, adam: Adam(decoupledDecay: 0.1)))
        }
        let before = session.step.parameters.weights.bits
        session.flush(updates: 2, adam: Adam(decoupledDecay: 0.1))
        let flushed = session.step.parameters.weights.bits
        #expect(before != flushed)
        session.flush(updates: 2, adam: Adam(decoupledDecay: 0.1))
        #expect(session.step.parameters.weights.bits == flushed)
    }
}

extension AdamParameters {
    /// The bytes of all weights and moments.
    var bits: [Data] { weights.bits + firstMoments.bits + secondMoments.bits }
}
