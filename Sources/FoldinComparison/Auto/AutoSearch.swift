import FoldinBaselines
import FoldinInteractions
import FoldinTraining

/// Which model an automatic search trains next: a function of the data's density and of what came of the models before.
///
/// 1. Models in closed form, each family from the options that suit the data.
/// 2. Networks, at a quarter of their epochs; then the better half of them at all epochs.
/// 3. Moves along one option at a time from the best model of each family, the leading family most often; families far behind get none.
/// 4. After a few moves, closed-form models from the options for other data.
/// 5. The other networks at all epochs.
struct AutoSearch {
    /// A model to train.
    struct Candidate: Equatable {
        let plan: ModelPlan
        /// What replaces it if it does not fit in memory.
        var smaller: ModelPlan?
        /// The same network at all its epochs, if it is tried at a part of them to choose among networks.
        var full: ModelPlan?

        var isScreening: Bool { full != nil }

        static func == (first: Candidate, second: Candidate) -> Bool { first.key == second.key }

        /// The options that its training depends on, which name it.
        var key: String { plan.fitKey }
    }

    /// Moves before the models for other data are tried.
    private static let movesBeforeOthers = 4
    /// A family with less than this share of the best value gets no moves.
    private static let shareForMoves = 0.9

    private var starts: [Candidate]
    private var screened: [Candidate]
    private var others: [Candidate]
    private var promoted: [Candidate]?
    /// The networks of the worse half, best first.
    private var rest: [Candidate] = []
    private var screeningValues: [(candidate: Candidate, value: Double)] = []
    /// By family, the best plan at all its epochs, and the number of moves made.
    private var families: [String: (best: ModelPlan, value: Double, moves: Int)] = [:]
    private var order: [String] = []
    private var tried: Set<String> = []
    private var stopped: Set<String> = []

    /// A search on data of this density.
    init(_ density: DataDensity, seed: UInt64) throws {
        func isSuited(_ start: SearchStart) -> Bool { start.density == nil || start.density == density }
        var (suited, unsuited): ([Candidate], [Candidate]) = ([], [])
        for family in ClosedFormFamily.all {
            for start in family.starts {
                let plan = try ModelPlan.baseline(BaselinePlan(family)).with(start.options)
                let smaller = start.smaller.isEmpty ? nil : try plan.with(start.smaller)
                let candidate = Candidate(plan: plan, smaller: smaller)
                if isSuited(start) { suited.append(candidate) } else { unsuited.append(candidate) }
            }
        }
        (starts, others) = (suited, unsuited)
        screened = []
        for isFirst in [true, false] {
            for family in NetworkFamily.all {
                for start in family.starts where isSuited(start) == isFirst {
                    let plan = try ModelPlan.network(TrainingPlan())
                        .with(["model": family.name, "seed": String(seed)]).with(start.options)
                    let epochs = max(1, ((plan.epochs ?? 1) + 3) / 4)
                    screened.append(Candidate(plan: try plan.with(epochs: epochs), full: plan))
                }
            }
        }
    }

    /// The next model; nil if nothing is left to try.
    mutating func next() -> Candidate? {
        while let candidate = takeNext() {
            if !tried.contains(candidate.key), !stopped.contains(candidate.plan.family) { return candidate }
        }
        return nil
    }

    private mutating func takeNext() -> Candidate? {
        if !starts.isEmpty { return starts.removeFirst() }
        if !screened.isEmpty { return screened.removeFirst() }
        if promoted == nil {
            let best = screeningValues.enumerated().sorted { (-$0.element.value, $0.offset) < (-$1.element.value, $1.offset) }
            let full = best.compactMap { entry in entry.element.candidate.full.map { Candidate(plan: $0) } }
            promoted = Array(full.prefix((full.count + 1) / 2))
            rest = Array(full.dropFirst((full.count + 1) / 2))
        }
        if promoted?.isEmpty == false { return promoted?.removeFirst() }
        let moves = families.values.reduce(0) { $0 + $1.moves }
        if moves >= Self.movesBeforeOthers, !others.isEmpty { return others.removeFirst() }
        if let move = move() { return move }
        if !others.isEmpty { return others.removeFirst() }
        return rest.isEmpty ? nil : rest.removeFirst()
    }

    /// The next move: of the family with the fewest moves in proportion to its rank.
    private mutating func move() -> Candidate? {
        let ranked = order.sorted { (families[$0]?.value ?? 0) > (families[$1]?.value ?? 0) }
        guard let leader = ranked.first.flatMap({ families[$0]?.value }) else { return nil }
        var chosen: (name: String, plan: ModelPlan, priority: Int)?
        for (rank, name) in ranked.enumerated() {
            guard let family = families[name], family.value >= Self.shareForMoves * leader, !stopped.contains(name) else {
                continue
            }
            let priority = family.moves + 2 * rank
            guard priority < chosen?.priority ?? .max,
                let plan = family.best.moves.first(where: { !tried.contains($0.fitKey) })
            else { continue }
            chosen = (name, plan, priority)
        }
        guard let chosen else { return nil }
        families[chosen.name]?.moves += 1
        return Candidate(plan: chosen.plan)
    }

    /// What came of a model: its value, nil if it could not be trained.
    ///
    /// - Parameters:
    ///   - plan: the plan of the model, if it is not the candidate's own: with fewer epochs, or with options that cost no new fit.
    ///   - isTooSlow: whether its family takes too long for what is left of the time.
    mutating func record(_ candidate: Candidate, plan: ModelPlan? = nil, value: Double?, isTooSlow: Bool = false) {
        tried.insert(candidate.key)
        if let plan { tried.insert(plan.fitKey) }
        if isTooSlow { stopped.insert(candidate.plan.family) }
        guard let value else { return }
        if candidate.isScreening { screeningValues.append((candidate, value)) }
        let name = candidate.plan.family
        if families[name] == nil { order.append(name) }
        // Moves start from a network at all epochs, once there is one.
        if value > families[name]?.value ?? -.infinity {
            families[name] = (candidate.full ?? plan ?? candidate.plan, value, families[name]?.moves ?? 0)
        }
    }
}
