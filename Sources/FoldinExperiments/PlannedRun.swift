#if Experiments
import FoldinInteractions
import FoldinSupport
import FoldinTraining

/// One training of a sweep: its options, and an identifier that is the same in every sweep with this training.
public struct PlannedRun: Sendable, Equatable {
    /// The family, then `600-200-seed1-3f2a9c01`: some options in readable form, and a digest of all that are not the default.
    ///
    /// It depends on the options only, not on the position in the sweep or on the data.
    public let id: String
    /// The same for the options without the seed: runs that differ only in the seed have the same configuration.
    public let configuration: String
    /// The options.
    public let plan: TrainingPlan

    /// The training with these options.
    public init(_ plan: TrainingPlan) {
        self.plan = plan
        let options = plan.options
        var changed = PlannedRun.changes(in: options)
        let names = ["model", "hidden", "latent"].compactMap { options[$0] }.joined(separator: "-")
        let readable = String(names.map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "-" })
        id = "\(readable)-seed\(options["seed"] ?? "")-\(PlannedRun.digest(changed))"
        changed["seed"] = nil
        configuration = "\(readable)-\(PlannedRun.digest(changed))"
    }

    /// The options that differ from the defaults of `foldin train`; an option that a later version adds changes no identifier.
    static func changes(in options: [String: String]) -> [String: String] {
        let defaults = TrainingPlan().options
        return options.filter { defaults[$0.key] != $0.value }
    }

    private static func digest(_ options: [String: String]) -> String {
        let lines = options.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)\n" }.joined()
        return String(Array(lines.utf8).withUnsafeBytes(Checksum.sha256).prefix(8))
    }
}
#endif
