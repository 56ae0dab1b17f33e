import FoldinEvaluation
import FoldinModels

extension ModelCard {
    /// Adds the figures of an evaluation by names such as `test ndcg@100`; `part` is `validation` or `test`.
    public mutating func add(_ report: EvaluationReport, of part: String) {
        for result in report.results { metrics["\(part) \(result.metric)"] = result.mean }
    }
}
