import FoldinInteractions
import FoldinModels

// The schedule's options are flat, so that each can be set alone; here is the way to a `Schedule` and back.
extension TrainingPlan {
    enum PaceName: String, CaseIterable, Sendable { case constant, plateau, linear, cosine }
    enum DecayName: String, CaseIterable, Sendable { case adamw, l2 }
    enum AnnealName: String, CaseIterable, Sendable { case linear, constant }
    enum SoftmaxName: String, CaseIterable, Sendable { case exact, sampled }

    /// The largest beta, or that it is to be searched.
    enum AnnealCap: Sendable, Equatable {
        case beta(Float)
        case search
    }

    /// The schedule.
    ///
    /// - Throws: `FoldinError` of kind `usage` for options that contradict each other.
    var schedule: Schedule {
        get throws {
            var schedule = Schedule(
                epochs: epochs, batchSize: batchSize, learningRate: learningRate, pace: schedulePace, warmUp: try warmUp,
                annealing: try annealing, decoupledDecay: decay == .adamw ? weightDecay : 0,
                decay: decay == .l2 ? weightDecay : 0, patience: patience == 0 ? nil : patience, metric: metric, score: stopOn,
                evaluationInterval: evaluateEvery)
            schedule.optimizer.beta1 = adamBeta1
            schedule.optimizer.beta2 = adamBeta2
            schedule.optimizer.epsilon = adamEpsilon
            return schedule
        }
    }

    private var schedulePace: Schedule.Pace {
        switch pace {
        case .constant: .constant
        case .plateau: .plateau(Plateau(factor: plateauFactor, patience: plateauPatience, threshold: plateauThreshold))
        case .linear: .linear(to: finalLearningRate)
        case .cosine: .cosine(to: finalLearningRate)
        }
    }

    private var warmUp: Schedule.WarmUp? {
        get throws {
            switch (warmUpUpdates, warmUpEpochs) {
            case (0, 0): return nil
            case (let updates, 0): return .updates(updates)
            case (0, let epochs): return .epochs(epochs)
            case (let updates, let epochs):
                throw FoldinError(
                    .usage, found: "warm-up-updates \(updates) and warm-up-epochs \(epochs)", expected: "one of them at most")
            }
        }
    }

    private var annealing: Schedule.Annealing {
        get throws {
            switch (anneal, annealCap) {
            case (.constant, .beta(let beta)): return .constant(beta)
            case (.linear, .beta(let beta)): return .growing(to: beta, annealSpan)
            case (.linear, .search): return .searching(annealSpan)
            case (.constant, .search):
                throw FoldinError(
                    .usage, found: "anneal constant and anneal-cap search", expected: "anneal linear: a search watches beta grow")
            }
        }
    }

    /// Sets the options of a schedule.
    mutating func take(_ schedule: Schedule) {
        epochs = schedule.epochs
        batchSize = schedule.batchSize
        learningRate = schedule.optimizer.learningRate
        switch schedule.pace {
        case .constant: pace = .constant
        case .plateau(let plateau):
            pace = .plateau
            (plateauFactor, plateauPatience, plateauThreshold) = (plateau.factor, plateau.patience, plateau.threshold)
        case .linear(let end): (pace, finalLearningRate) = (.linear, end)
        case .cosine(let end): (pace, finalLearningRate) = (.cosine, end)
        }
        switch schedule.warmUp {
        case nil: break
        case .updates(let updates): warmUpUpdates = updates
        case .epochs(let epochs): warmUpEpochs = epochs
        }
        if schedule.optimizer.decay > 0 {
            (decay, weightDecay) = (.l2, schedule.optimizer.decay)
        } else {
            (decay, weightDecay) = (.adamw, schedule.optimizer.decoupledDecay)
        }
        adamBeta1 = schedule.optimizer.beta1
        adamBeta2 = schedule.optimizer.beta2
        adamEpsilon = schedule.optimizer.epsilon
        switch schedule.annealing {
        case .constant(let beta): (anneal, annealCap) = (.constant, .beta(beta))
        case .growing(let cap, let span): (anneal, annealCap, annealSpan) = (.linear, .beta(cap), span)
        case .searching(let span): (anneal, annealCap, annealSpan) = (.linear, .search, span)
        }
        patience = schedule.patience ?? 0
        metric = schedule.metric
        stopOn = schedule.score
        evaluateEvery = schedule.evaluationInterval
    }

    /// Sets options without effect to their defaults.
    mutating func forgetWhatDoesNotMatter() {
        let defaults = TrainingPlan()
        if pace != .plateau {
            (plateauFactor, plateauPatience) = (defaults.plateauFactor, defaults.plateauPatience)
            plateauThreshold = defaults.plateauThreshold
        }
        if pace != .linear && pace != .cosine { finalLearningRate = defaults.finalLearningRate }
        if weightDecay == 0 { decay = defaults.decay }
        if softmax == .exact { negatives = defaults.negatives }
        if anneal == .constant { annealSpan = defaults.annealSpan }
        if model == "rec-vae" {
            (anneal, annealCap, annealSpan) = (defaults.anneal, defaults.annealCap, defaults.annealSpan)
        } else {
            gamma = defaults.gamma
        }
    }

    /// Updates after which an uncapped beta would be 1; nil where the span is told in epochs. Nil alone changes nothing, so that
    /// a whole set of options may be given in any order.
    var annealUpdates: Int? {
        get { if case .updatesToOne(let updates) = annealSpan { updates } else { nil } }
        set { if let newValue { annealSpan = .updatesToOne(newValue) } }
    }

    /// Epochs, or the fraction of them, after which beta reaches its cap; nil where the span is told in updates.
    var annealEpochs: EpochSpan? {
        get {
            switch annealSpan {
            case .updatesToOne: nil
            case .epochs(let epochs): .epochs(epochs)
            case .fractionOfEpochs(let fraction): .fraction(fraction)
            }
        }
        set {
            switch newValue {
            case nil: break
            case .epochs(let epochs): annealSpan = .epochs(epochs)
            case .fraction(let fraction): annealSpan = .fractionOfEpochs(fraction)
            }
        }
    }

    /// `40`, or `85%`.
    enum EpochSpan: Sendable, Equatable {
        case epochs(Int)
        case fraction(Double)
    }
}
