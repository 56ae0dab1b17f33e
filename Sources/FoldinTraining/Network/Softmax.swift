/// How the softmax over the items is trained.
public enum Softmax: Sendable, Equatable {
    /// Over all items: each step costs operations and memory traffic in proportion to the catalogue.
    case exact
    /// Over the items that the batch's users clicked and `negatives` draws of the others, the same for all users of a batch; a
    /// step's cost does not depend on the size of the catalogue. `Candidates` has the estimate and `RowMoments` the optimiser.
    case sampled(negatives: Int)

    /// Not tuned: no loss was seen on ML-1M, a few per cent on Gowalla, where 16,384 did better (decision 8).
    public static let defaultNegatives = 4096

    /// The first invalid setting; nil if valid.
    public var validationError: String? {
        guard case .sampled(let negatives) = self, !(1...1 << 24).contains(negatives) else { return nil }
        return "\(negatives) negatives per batch; expected 1 to \(1 << 24)"
    }
}
