import Foldin
import FoldinKernels

/// Training steps of a new network, with the time of each step.
struct TimedSteps {
    let session: any TrainingSession
    let precision: Precision
    private(set) var milliseconds: [Double] = []
    private(set) var parts: [StepTimes] = []

    /// Runs steps over the users of `matrix` in a shuffled order, repeatedly if needed; the first `warmUp` steps are not timed.
    ///
    /// - Throws: `FoldinError` of kind `usage` for an invalid network or invalid compute options, of kind `badData` for a matrix without
    ///   clicks.
    init(
        of matrix: InteractionMatrix, _ network: NetworkOptions, _ computing: ComputeOptions, batchSize: Int, steps: Int,
        warmUp: Int, seed: UInt64, workers: Workers
    ) throws {
        var plan = TrainingPlan()
        try network.apply(to: &plan)
        try computing.applyAll(to: &plan)
        try plan.set("seed", to: String(seed))
        try plan.set("batch-size", to: String(batchSize))
        let users = matrix.userCount
        let trainer = try plan.trainer(workers: workers)
        (session, precision) = (try trainer.session(on: matrix), trainer.precision)
        let order = Shuffle.order(users, pass: 1, seed: seed)
        for number in 0..<warmUp + steps {
            let start = number * batchSize % max(1, users - batchSize + 1)
            let began = ContinuousClock.now
            session.run(
                order[start..<min(users, start + batchSize)], SessionUpdate(number: number, beta: 0.1, adam: Adam()))
            if number >= warmUp {
                milliseconds.append((ContinuousClock.now - began) / .milliseconds(1))
                parts.append(session.times)
            }
        }
        session.flush(updates: warmUp + steps, adam: Adam())
    }
}
