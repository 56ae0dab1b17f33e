import Foldin
import FoldinKernels
import Foundation

// The end of a run without epochs: of a closed-form model or a blend.
extension RunDirectory {
    /// Evaluates the model on validation and test users, writes `model.safetensors` and `run.json`, and ends the run.
    ///
    /// - Parameter seconds: the time that the fit took.
    /// - Returns: a function that prints the figures; the run is complete before, even if printing fails.
    func finish(
        _ model: inout TrainedModel, seconds: Double, on dataset: PreparedDataset, workers: Workers
    ) throws -> (_ json: Bool) throws -> Void {
        let evaluator = Evaluator(workers: workers)
        let validation = try evaluator.evaluate(model, on: dataset.validation, training: dataset.train)
        let scores = try evaluator.userMetrics(model, on: dataset.test, training: dataset.train)
        if dataset.test.heldOut.count > 0 { noteCutoffs(of: evaluator.metrics, items: model.itemCount) }
        scores.noteTies()
        let test = scores.report
        model.card.add(validation, of: "validation")
        model.card.add(test, of: "test")
        try model.save(to: modelPath)
        let record = ClosedFormRecord(
            model: model.summary, options: model.card.options, dataChecksum: model.card.dataChecksum, seconds: seconds,
            peakMemoryBytes: SystemMemory.peak, validation: validation, test: test)
        try write(record, environment: RunEnvironment(threads: workers.count))
        try finish()
        let text = """
            \(model.summary) in \(String(format: "%.1f", seconds)) s

            validation
            \(validation)

            test
            \(test)

            model: \(finishedModelPath)
            """
        return { json in
            if json { try Console.json(record) } else { try Console.result(text) }
        }
    }
}

/// The contents of `run.json` of a run without epochs.
private struct ClosedFormRecord: Encodable {
    let model: String
    let options: [String: String]
    let dataChecksum: String
    let seconds: Double
    let peakMemoryBytes: Int?
    let validation: EvaluationReport
    let test: EvaluationReport
}
