import FoldinInteractions
import FoldinModels
import FoldinSupport

// The options of a schedule are flat, so that each can be set alone; here is the way to a `Schedule` and back.

extension Schedule {
    /// The schedule that options describe.
    ///
    /// - Throws: `FoldinError` of kind `usage` for options that contradict each other.
    init(_ values: OptionValues) throws {
        let (weightDecay, decay) = (values[\.optimizer.weightDecay], values[\.optimizer.decay])
        let patience = values[\.evaluation.patience]
        self.init(
            epochs: values[\.optimizer.epochs], batchSize: values[\.optimizer.batchSize],
            learningRate: values[\.optimizer.learningRate], pace: Pace(values), warmUp: try WarmUp(values),
            annealing: try Annealing(values), decoupledDecay: decay == .adamw ? weightDecay : 0,
            decay: decay == .l2 ? weightDecay : 0, patience: patience == 0 ? nil : patience,
            metric: values[\.evaluation.metric], score: values[\.evaluation.score],
            evaluationInterval: values[\.evaluation.interval])
        optimizer.beta1 = values[\.optimizer.beta1]
        optimizer.beta2 = values[\.optimizer.beta2]
        optimizer.epsilon = values[\.optimizer.epsilon]
    }
}

extension Schedule.Pace {
    fileprivate init(_ values: OptionValues) {
        let end = values[\.optimizer.finalLearningRate]
        switch values[\.optimizer.pace] {
        case .constant: self = .constant
        case .plateau:
            self = .plateau(
                Plateau(
                    factor: values[\.optimizer.plateauFactor], patience: values[\.optimizer.plateauPatience],
                    threshold: values[\.optimizer.plateauThreshold]))
        case .linear: self = .linear(to: end)
        case .cosine: self = .cosine(to: end)
        }
    }
}

extension Schedule.WarmUp {
    /// Nil where both lengths are 0.
    fileprivate init?(_ values: OptionValues) throws {
        switch (values[\.optimizer.warmUpUpdates], values[\.optimizer.warmUpEpochs]) {
        case (0, 0): return nil
        case (let updates, 0): self = .updates(updates)
        case (0, let epochs): self = .epochs(epochs)
        case (let updates, let epochs):
            throw FoldinError(
                .usage, found: "warm-up-updates \(updates) and warm-up-epochs \(epochs)", expected: "one of them at most")
        }
    }
}

extension Schedule.Annealing {
    fileprivate init(_ values: OptionValues) throws {
        let span: Schedule.Span =
            switch (values[\.annealing.updates], values[\.annealing.epochs]) {
            case (let updates?, _): .updatesToOne(updates)
            case (nil, .epochs(let epochs)): .epochs(epochs)
            case (nil, .fraction(let fraction)): .fractionOfEpochs(fraction)
            case (nil, nil): .fractionOfEpochs(0.85)
            }
        switch (values[\.annealing.kind], values[\.annealing.cap]) {
        case (.constant, .beta(let beta)): self = .constant(beta)
        case (.linear, .beta(let beta)): self = .growing(to: beta, span)
        case (.linear, .search): self = .searching(span)
        case (.constant, .search):
            throw FoldinError(
                .usage, found: "anneal constant and anneal-cap search",
                expected: "anneal linear: a search needs a beta that grows")
        }
    }
}

extension OptionValues {
    /// Sets the options of a schedule.
    mutating func read(_ schedule: Schedule) {
        let optimizer = schedule.optimizer
        self[\.optimizer.epochs] = schedule.epochs
        self[\.optimizer.batchSize] = schedule.batchSize
        self[\.optimizer.learningRate] = optimizer.learningRate
        switch schedule.pace {
        case .constant: self[\.optimizer.pace] = .constant
        case .plateau(let plateau):
            self[\.optimizer.pace] = .plateau
            self[\.optimizer.plateauFactor] = plateau.factor
            self[\.optimizer.plateauPatience] = plateau.patience
            self[\.optimizer.plateauThreshold] = plateau.threshold
        case .linear(let end): (self[\.optimizer.pace], self[\.optimizer.finalLearningRate]) = (.linear, end)
        case .cosine(let end): (self[\.optimizer.pace], self[\.optimizer.finalLearningRate]) = (.cosine, end)
        }
        switch schedule.warmUp {
        case nil: break
        case .updates(let updates): self[\.optimizer.warmUpUpdates] = updates
        case .epochs(let epochs): self[\.optimizer.warmUpEpochs] = epochs
        }
        let isL2 = optimizer.decay > 0
        self[\.optimizer.decay] = isL2 ? .l2 : .adamw
        self[\.optimizer.weightDecay] = isL2 ? optimizer.decay : optimizer.decoupledDecay
        self[\.optimizer.beta1] = optimizer.beta1
        self[\.optimizer.beta2] = optimizer.beta2
        self[\.optimizer.epsilon] = optimizer.epsilon
        read(schedule.annealing)
        self[\.evaluation.patience] = schedule.patience ?? 0
        self[\.evaluation.metric] = schedule.metric
        self[\.evaluation.score] = schedule.score
        self[\.evaluation.interval] = schedule.evaluationInterval
    }

    private mutating func read(_ annealing: Schedule.Annealing) {
        let span: Schedule.Span
        switch annealing {
        case .constant(let beta):
            (self[\.annealing.kind], self[\.annealing.cap]) = (.constant, .beta(beta))
            return
        case .growing(let cap, let length): (self[\.annealing.cap], span) = (.beta(cap), length)
        case .searching(let length): (self[\.annealing.cap], span) = (.search, length)
        }
        switch span {
        case .updatesToOne(let updates): (self[\.annealing.updates], self[\.annealing.epochs]) = (updates, nil)
        case .epochs(let epochs): self[\.annealing.epochs] = .epochs(epochs)
        case .fractionOfEpochs(let fraction): self[\.annealing.epochs] = .fraction(fraction)
        }
    }
}
