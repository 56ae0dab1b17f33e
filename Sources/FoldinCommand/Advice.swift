import Foldin

#if Experiments
import FoldinExperiments
#endif

/// Which options of the command help against an error of this reason; nil for a reason that no option helps against.
///
/// Errors of the library do not name options, because programs that use it have none.
func advice(for reason: FoldinError.Reason) -> String? { adviceTables.lazy.compactMap { $0[reason] }.first }

/// The tables of advice, each for a few modules.
private let adviceTables: [[FoldinError.Reason: String]] = {
    var tables = [generalAdvice, preparationAdvice]
    #if Experiments
    tables.append([.sweepMemoryLimit: "use a larger --memory if the system has more"])
    #endif
    #if Service
    tables.append(serviceAdvice)
    #endif
    return tables
}()

/// Advice for errors of FoldinSupport, FoldinRecommending and FoldinBaselines.
private let generalAdvice: [FoldinError.Reason: String] = [
    .directoryExists: "use --overwrite to replace this one",
    .ambiguousHistories: "use --histories-format to choose one",
    .historiesOfIndices: "use --histories-format csv if the model's ids are such indices",
    .historiesMayBeLines: "use --histories-format lines if each line is a history",
    .penaltyTooSmall: "use a larger --lambda",
    .unfinishedTraining: "foldin train --resume continues the training",
    .unknownTensorNames: "foldin evaluate --tensor-names FILE gives other names",
    .unfinishedRun: "use --resume to continue that training, or --overwrite to begin another",
    .finishedRun: "use --overwrite to replace an old run",
    .tooFewOpenFiles: "'ulimit -n', or LimitNOFILE of systemd",
]

extension FoldinError {
    /// The error with the options that help against it, if there are any.
    var descriptionWithAdvice: String { description + (reason.flatMap { advice(for: $0) }.map { "; " + $0 } ?? "") }
}
