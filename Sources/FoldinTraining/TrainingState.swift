import FoldinModels

/// Where a training stands between two steps, beside its weights.
///
/// Random numbers, shuffles and dropout are functions of the seed and of these counts, so this is all there is to keep.
public struct TrainingState: Sendable, Codable, Equatable {
    /// Options and data this training is of, by name; a checkpoint goes on only with the same.
    public internal(set) var identity: [String: String] = [:]
    /// The epochs that ended.
    public internal(set) var history: [EpochReport] = []
    /// Updates made.
    public internal(set) var updates = 0
    /// The best epoch, from 1; 0 while none has ended.
    public internal(set) var bestEpoch = 0
    /// What the best epoch scored: its validation metric or loss.
    public internal(set) var bestScore: Double?
    /// The finished first training of a search for beta.
    public internal(set) var search: AnnealingSearch?
    /// What the learning rate's plateau remembers.
    var plateau = PlateauState()
    /// Users of the current epoch that were trained on.
    var position = 0
    /// Sums over these users.
    var likelihood = 0.0
    var divergence = 0.0
    /// Seconds trained so far, in all sittings.
    public internal(set) var seconds = 0.0
}
