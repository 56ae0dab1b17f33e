import FoldinInteractions
import FoldinKernels
import FoldinModels
import FoldinSupport

extension TrainingMemory {
    /// Fails where a training needs more memory than there is, before any is taken: the system would end the process half-way.
    ///
    /// Counted are weights, moments and a batch's scores, all of which are in use throughout.
    ///
    /// - Parameter available: see `SystemMemory.obtainable`; nil where it is not known, and nothing fails.
    /// - Throws: `FoldinError` of kind `usage`.
    static func check(
        _ trainer: Trainer, on dataset: PreparedDataset,
        available: Int? = SystemMemory.obtainable
    ) throws {
        guard let available else { return }
        let memory = trainer.configuration.memory(
            for: Shape(dataset), batch: min(trainer.schedule.batchSize, dataset.train.userCount), softmax: trainer.softmax)
        let needed = (memory.parameters + memory.scores).value
        if let needed, needed <= available { return }
        throw FoldinError(
            .usage,
            found:
                "a network whose training needs \(needed.map { "about \($0.formattedBytes)" } ?? "more memory than can be counted")",
            expected: "at most the \(available.formattedBytes) that are available: fewer or narrower layers, or a smaller batch")
    }
}
