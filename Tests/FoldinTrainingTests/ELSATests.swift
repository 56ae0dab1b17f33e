import FoldinInteractions
import FoldinKernels
import FoldinTestSupport
import Foundation
import Testing

@testable import FoldinModels
@testable import FoldinTraining

/// What `Tests/Reference/elsa_reference.py` recorded of a small ELSA.
private struct ELSACase: Decodable, Sendable {
    struct Loss: Decodable, Sendable, CustomTestStringConvertible {
        let loss: String
        let value: Double
        let gradient, afterAdam, afterAdamW: [Float]
        var testDescription: String { loss }
    }

    let items, latent, updates: Int
    let temperature: Float
    let clicks: [[Int]]
    let weight, scores: [Float]
    let cases: [Loss]

    static let recorded: ELSACase? = {
        let url = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures/elsa.json")
        return (try? Data(contentsOf: url)).flatMap { try? JSONDecoder().decode(ELSACase.self, from: $0) }
    }()

    var matrix: InteractionMatrix { InteractionMatrix(rows: clicks, itemCount: items) }

    func session(_ loss: String, softmax: Softmax = .exact) throws -> ELSASession {
        let loss = try #require(ELSA.Loss(rawValue: loss))
        let session = ELSASession(
            ELSA(latent: latent, loss: loss, temperature: temperature),
            SessionSetup(clicks: matrix, batchSize: clicks.count, seed: 1, workers: Workers(count: 2), softmax: softmax))
        session.weights[0].copy(from: FloatBuffer(weight))
        return session
    }

    var users: ArraySlice<Int32> { ArraySlice(0..<Int32(clicks.count)) }
}

@Suite("ELSA") struct ELSATests {
    private static let losses = ELSACase.recorded?.cases ?? []

    @Test func scoresAreThoseOfPyTorch() throws {
        let recorded = try #require(ELSACase.recorded)
        let model = ELSAModel(items: recorded.items, latent: recorded.latent, weights: FloatBuffer(recorded.weight))
        var scores = [Float](repeating: .nan, count: recorded.scores.count)
        model.score(recorded.matrix, rows: 0..<recorded.clicks.count, into: &scores, workers: Workers(count: 2))
        #expect(zip(scores, recorded.scores).allSatisfy { abs($0 - $1) < 1e-5 })
        let bound = model.scoreBound(workers: Workers(count: 1))
        #expect(bound.isFinite && scores.allSatisfy { Double(abs($0)) <= bound })
    }

    @Test(arguments: ELSATests.losses)
    fileprivate func lossAndGradientAreThoseOfPyTorch(_ loss: ELSACase.Loss) throws {
        let recorded = try #require(ELSACase.recorded)
        let session = try recorded.session(loss.loss)
        let found = session.run(recorded.users, SessionUpdate(number: 0, beta: 0, adam: Adam(learningRate: 0, beta1: 0)))
        #expect(abs(found.negativeLogLikelihood - loss.value) < 1e-5 * max(1, loss.value))
        #expect(difference(session.firstMoments.values, loss.gradient) < 1e-5)
    }

    @Test(arguments: ELSATests.losses, [false, true])
    fileprivate func updatesAreThoseOfPyTorch(_ loss: ELSACase.Loss, decays: Bool) throws {
        let recorded = try #require(ELSACase.recorded)
        let session = try recorded.session(loss.loss)
        for number in 0..<recorded.updates {
            session.run(
                recorded.users,
                SessionUpdate(number: number, beta: 0, adam: Adam(learningRate: 0.05, decoupledDecay: decays ? 0.1 : 0)))
        }
        #expect(difference(session.weights[0].values, decays ? loss.afterAdamW : loss.afterAdam) < 1e-4)
    }

    /// The squared and the softmax loss of the candidates, all of which are certain to be drawn, are those of all items; so are the gradients.
    @Test(arguments: ELSA.Loss.allCases)
    func sampledLossIsExactIfEveryItemIsDrawn(_ loss: ELSA.Loss) throws {
        let recorded = try #require(ELSACase.recorded)
        func run(_ softmax: Softmax) throws -> (StepLoss, [Float]) {
            let session = try recorded.session(loss.rawValue, softmax: softmax)
            let found = session.run(recorded.users, SessionUpdate(number: 0, beta: 0, adam: Adam(learningRate: 0, beta1: 0)))
            return (found, session.firstMoments.values)
        }
        let (exact, gradients) = try run(.exact)
        let (sampled, estimates) = try run(.sampled(negatives: 1 << 14))
        #expect(abs(exact.negativeLogLikelihood - sampled.negativeLogLikelihood) < 1e-4 * exact.negativeLogLikelihood)
        #expect(difference(estimates, gradients) < 1e-3)
        let (few, others) = try run(.sampled(negatives: 2))
        #expect(few != sampled && difference(others, gradients) > 1e-3, "the test can fail: few draws give another gradient")
    }

    /// Along a direction, the loss grows as the gradient says; of a matrix of several panels and pieces of users.
    @Test(arguments: ELSA.Loss.allCases, [Softmax.exact, .sampled(negatives: 60)])
    func gradientIsThatOfFiniteDifferences(_ loss: ELSA.Loss, softmax: Softmax) {
        let clicks = InteractionMatrix(
            rows: (0..<70).map { user in (0..<4 + user % 9).map { ($0 * 53 + user * 131 + $0 * $0) % 600 } }, itemCount: 600)
        let session = ELSASession(
            ELSA(latent: 6, loss: loss),
            SessionSetup(clicks: clicks, batchSize: 70, seed: 3, workers: Workers(count: 2), softmax: softmax))
        func value() -> Double {
            session.run(ArraySlice(0..<70), SessionUpdate(number: 0, beta: 0, adam: Adam(learningRate: 0, beta1: 0)))
                .negativeLogLikelihood
        }
        _ = value()
        let gradient = session.firstMoments.values
        let length = gradient.reduce(0) { $0 + $1 * $1 }.squareRoot()
        #expect(length > 1e-3)
        let start = session.weights[0].values
        func at(_ distance: Float) -> Double {
            for i in 0..<start.count { session.weights[0].pointer[i] = start[i] + distance * gradient[i] / length }
            return value()
        }
        let h: Float = 0.02
        let (wide, narrow) = ((at(h) - at(-h)) / Double(2 * h), (at(h / 2) - at(-h / 2)) / Double(h))
        #expect(abs((4 * narrow - wide) / 3 - Double(length)) < 0.01 * Double(length))
    }

    @Test(arguments: ELSA.Loss.allCases, [Softmax.exact, .sampled(negatives: 40)])
    func sameBitsForAnyNumberOfThreads(_ loss: ELSA.Loss, softmax: Softmax) {
        let clicks = InteractionMatrix(rows: (0..<90).map { user in (0..<6).map { ($0 * 97 + user * 13) % 700 } }, itemCount: 700)
        func weights(_ threads: Int) -> [Float] {
            let session = ELSASession(
                ELSA(latent: 7, loss: loss),
                SessionSetup(clicks: clicks, batchSize: 40, seed: 3, workers: Workers(count: threads), softmax: softmax))
            for number in 0..<6 {
                let users = Shuffle.order(90, pass: 1 + number / 3, seed: 3)[number % 3 * 40..<min(90, (number % 3 + 1) * 40)]
                session.run(users, SessionUpdate(number: number, beta: 0, adam: Adam(decoupledDecay: 0.01)))
            }
            session.flush(updates: 6, adam: Adam(decoupledDecay: 0.01))
            return session.weights[0].values
        }
        let alone = weights(1)
        for threads in [2, 3, 5] { #expect(weights(threads) == alone) }
    }

    /// The largest difference of two lists, over the largest number.
    private func difference(_ found: [Float], _ expected: [Float]) -> Float {
        guard found.count == expected.count else { return .infinity }
        let largest = expected.reduce(1e-6) { max($0, abs($1)) }
        return zip(found, expected).reduce(0) { max($0, abs($1.0 - $1.1)) } / largest
    }
}
