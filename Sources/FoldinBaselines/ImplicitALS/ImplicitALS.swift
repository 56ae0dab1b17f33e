import FoldinInteractions
import FoldinKernels
import FoldinModels
import FoldinSupport

/// Implicit ALS (iALS), a matrix factorisation of the clicks and of their absence: Hu, Koren and Volinsky, *Collaborative Filtering for
/// Implicit Feedback Datasets*, ICDM 2008, with the loss and the settings of Rendle, Krichene, Zhang and Koren, *Revisiting the Performance of
/// iALS on Item Recommendation Benchmarks*, RecSys 2022.
///
/// With a vector w of each of U users and h of each of I items, it minimises
///
///     sum over the clicks (1 - w . h)^2 + alpha0 * sum over all pairs (w . h)^2
///         + lambda * (sum over users (d + alpha0 I)^nu |w|^2 + sum over items (n + alpha0 U)^nu |h|^2)
///
/// where d and n are numbers of clicks. Each half of an iteration finds the exact minimum over the users' or the items' vectors, so the loss
/// never rises. The first item vectors are normal with a standard deviation of 0.1 / sqrt(latent), drawn from `seed`.
public struct ImplicitALS: Baseline {
    public static let name = "ials"

    /// The width of the vectors, 1 to `ImplicitALSModel.maximumLatent`; not more than there are users or items is used, as the matrix of scores has no
    /// higher rank.
    public let latent: Int
    /// alpha0, see `ImplicitALSPenalty`; nil for 30 times the share of all pairs that are clicks, at most 1.
    public let unobservedWeight: Double?
    /// See `ImplicitALSPenalty`.
    public let lambda: Double
    /// nu, see `ImplicitALSPenalty`.
    public let frequencyPower: Double
    /// How often the vectors of all users and then of all items are computed; at least 1.
    public let iterations: Int
    /// The seed of the first item vectors.
    public let seed: UInt64
    private let availableMemory: Int?

    /// `availableMemory` in bytes is what the fit must do with; nil for no limit.
    public init(
        latent: Int = 256, unobservedWeight: Double? = nil, lambda: Double = 0.003, frequencyPower: Double = 1,
        iterations: Int = 16, seed: UInt64 = 98_765, availableMemory: Int? = SystemMemory.available
    ) {
        (self.latent, self.unobservedWeight, self.lambda) = (latent, unobservedWeight, lambda)
        (self.frequencyPower, self.iterations, self.seed) = (frequencyPower, iterations, seed)
        self.availableMemory = availableMemory
    }

    public var options: [String: String] {
        [
            "latent": String(latent), "lambda": optionText(lambda), "unobserved-weight": optionText(unobservedWeight ?? 0),
            "frequency-power": optionText(frequencyPower),
            "iterations": String(iterations), "seed": String(seed),
        ]
    }

    /// The weights of the loss for these clicks.
    func penalty(for training: InteractionMatrix) -> ImplicitALSPenalty {
        let pairs = Double(training.userCount) * Double(training.itemCount)
        let automatic = max(1e-9, min(1, 30 * Double(training.count) / max(1, pairs)))
        return ImplicitALSPenalty(
            unobservedWeight: unobservedWeight ?? automatic, lambda: lambda, frequencyPower: frequencyPower)
    }

    /// The bytes that a fit takes at least: the vectors, a Gram matrix with its eigenvectors, and what each worker needs.
    static func memory(users: Int, items: Int, latent: Int, workers: Workers) -> Int {
        4 * latent * (users + items) + latent * latent * (28 + 8 * workers.count)
    }

    /// An iteration costs `d^2 latent + d^3 / 3` operations for each user or item of d clicks, or `d latent^2 + latent^3 / 3` where d is more
    /// than `latent`; `3 latent^2` for each user and item; and `18 latent^3`. Takes `4 * latent` bytes for each user and item.
    public func fit(
        _ training: InteractionMatrix, workers: Workers, isCancelled: () -> Bool, progress: (Double) -> Void
    ) throws -> any Model {
        let (users, items, penalty) = (training.userCount, training.itemCount, penalty(for: training))
        if let error = ImplicitALSModel.validationError(items: items, latent: latent, penalty: penalty) {
            throw FoldinError(.usage, found: error, expected: "a model that can be built")
        }
        guard iterations >= 1 else { throw FoldinError(.usage, found: "\(iterations) iterations", expected: "at least 1") }
        let latent = max(1, min(latent, users, items))
        let needed = Self.memory(users: users, items: items, latent: latent, workers: workers)
        if let availableMemory, needed > availableMemory {
            throw FoldinError(
                .usage,
                found: "vectors of \(latent) for \(users) users and \(items) items, which take \(needed.formattedBytes) with "
                    + "\(availableMemory.formattedBytes) available", expected: "as much memory, or a smaller latent width")
        }
        let solver = AlternatingSolver(training, latent: latent, penalty: penalty, seed: seed, workers: workers)
        let all = Double(2 * iterations)
        for iteration in 0..<iterations {
            try solver.solveUsers(isCancelled: isCancelled) { progress((Double(2 * iteration) + $0) / all) }
            try solver.solveItems(isCancelled: isCancelled) { progress((Double(2 * iteration + 1) + $0) / all) }
        }
        let axes = try PrincipalAxes(rotating: solver.items, latent: latent, workers: workers, isCancelled: isCancelled)
        return ImplicitALSModel(
            items: items, latent: latent, vectors: axes.vectors, squares: axes.squares, penalty: penalty)
    }
}
