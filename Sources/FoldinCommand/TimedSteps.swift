import Foldin
import FoldinKernels

/// Training steps of a fresh network, one after the other, with the time that each took.
struct TimedSteps {
    let step: TrainingStep
    private(set) var milliseconds: [Double] = []
    private(set) var parts: [StepTimes] = []

    /// Steps over the users of `matrix` in a shuffled order, beginning anew at the end; the first `warmUp` are not timed.
    ///
    /// - Throws: `FoldinError` of kind `usage` for a network or a way of computing that cannot be, of kind `badData` for a matrix without clicks.
    init(
        of matrix: InteractionMatrix, _ network: NetworkOptions, _ computing: ComputeOptions, batchSize: Int, steps: Int,
        warmUp: Int, seed: UInt64, workers: Workers
    ) throws {
        var plan = TrainingPlan()
        try network.apply(to: &plan)
        try computing.applyAll(to: &plan)
        let trainer = try plan.trainer(workers: workers)
        let architecture = try trainer.architecture(for: matrix)
        let users = matrix.userCount
        step = TrainingStep(
            parameters: Parameters(initializing: architecture, seed: seed, workers: workers),
            batchSize: min(batchSize, users), seed: seed, workers: workers, precision: trainer.precision,
            softmax: trainer.softmax)
        let order = step.shuffled(users, epoch: 1)
        for number in 0..<warmUp + steps {
            let start = number * batchSize % max(1, users - batchSize + 1)
            let began = ContinuousClock.now
            step.run(
                matrix, users: order[start..<min(users, start + batchSize)], step: UInt64(number), beta: 0.1, adam: Adam())
            if number >= warmUp {
                milliseconds.append((ContinuousClock.now - began) / .milliseconds(1))
                parts.append(step.times)
            }
        }
        step.settle(updates: warmUp + steps, adam: Adam())
    }
}
