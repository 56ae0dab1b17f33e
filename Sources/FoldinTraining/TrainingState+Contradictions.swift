import FoldinModels

// A checkpoint may come from anywhere: what is counted with, or finds a place in a list, is checked before it is used.
extension TrainingState: SelfChecking {
    /// What cannot be in any training; `contradiction(with:)` says what cannot be in one.
    public var contradiction: (found: String, expected: String)? {
        if let wrong = Self.contradiction(in: history) { return wrong }
        if updates < (history.last?.updates ?? 0) {
            return ("\(updates) updates after \(history.last?.updates ?? 0)", "at least those of the epochs that ended")
        }
        if !(0...history.count).contains(bestEpoch) {
            return ("a best epoch \(bestEpoch) of \(history.count)", "one of those that ended, or 0")
        }
        if position < 0 || plateau.evaluationsWithout < 0 {
            return ("a position of \(position) and \(plateau.evaluationsWithout) evaluations", "counts from 0 on")
        }
        let numbers = [likelihood, divergence, seconds, bestScore ?? 0, plateau.best ?? 0, plateau.learningRate ?? 1]
        if !numbers.allSatisfy(\.isFinite) || seconds < 0 || (plateau.learningRate ?? 1) <= 0 {
            return ("sums, seconds or a learning rate of \(numbers)", "finite ones, no seconds below 0, a learning rate above 0")
        }
        guard let search else { return nil }
        if let wrong = Self.contradiction(in: search.curve) { return wrong }
        guard let own = AnnealingSearch(curve: search.curve), own.bestEpoch == search.bestEpoch, own.beta == search.beta else {
            return ("a search that found beta \(search.beta) in epoch \(search.bestEpoch)", "what its epochs say")
        }
        return nil
    }

    private static func contradiction(in epochs: [EpochReport]) -> (found: String, expected: String)? {
        var updates = 0
        for (place, epoch) in epochs.enumerated() {
            guard epoch.epoch == place + 1, epoch.updates > updates else {
                return (
                    "epoch \(epoch.epoch) after \(epoch.updates) updates in place \(place + 1)",
                    "epoch \(place + 1) after more than \(updates)"
                )
            }
            updates = epoch.updates
            let numbers = [
                epoch.negativeLogLikelihood, epoch.divergence, Double(epoch.beta), epoch.loss, Double(epoch.learningRate),
                epoch.validation?.mean ?? 0, epoch.validationLoss ?? 0, epoch.seconds,
            ]
            guard numbers.allSatisfy(\.isFinite), epoch.seconds >= 0, epoch.beta >= 0 else {
                return ("figures \(numbers) of epoch \(epoch.epoch)", "finite ones, with seconds and beta from 0 on")
            }
        }
        return nil
    }

    /// The training that a state is to be of.
    struct Training {
        let schedule: Schedule
        let users: Int
        /// Passes over the users in an epoch.
        let passes: Int
    }

    /// The first thing that cannot be in `training`; nil if it can have stood here.
    func contradiction(with training: Training, hasBest: Bool) -> (found: String, expected: String)? {
        if let contradiction { return contradiction }
        let (users, batch) = (training.users, training.schedule.batchSize)
        let updatesPerPass = training.schedule.updatesPerEpoch(users: users)
        let updatesPerEpoch = training.passes * updatesPerPass
        guard position <= training.passes * users, position % users % batch == 0 else {
            return (
                "a position of \(position) users", "a multiple of \(batch) up to \(users), in one of \(training.passes) passes"
            )
        }
        guard history.count <= training.schedule.epochs, (search?.curve.count ?? 0) <= training.schedule.epochs else {
            return ("\(max(history.count, search?.curve.count ?? 0)) epochs", "at most \(training.schedule.epochs)")
        }
        if let epoch = (history + (search?.curve ?? [])).first(where: { $0.updates != $0.epoch * updatesPerEpoch }) {
            return ("epoch \(epoch.epoch) after \(epoch.updates) updates", "\(epoch.epoch * updatesPerEpoch)")
        }
        let made = history.count * updatesPerEpoch + position / users * updatesPerPass + position % users / batch
        guard updates == made else {
            return ("\(updates) updates", "\(made) after \(history.count) epochs and \(position) users")
        }
        guard hasBest == (bestEpoch > 0) else {
            return ("a best epoch \(bestEpoch) and \(hasBest ? "its" : "no") weights", "both or none")
        }
        if case .plateau(let plateau) = training.schedule.pace, self.plateau.evaluationsWithout > plateau.patience {
            return ("\(self.plateau.evaluationsWithout) evaluations without improvement", "at most \(plateau.patience)")
        }
        return nil
    }
}
