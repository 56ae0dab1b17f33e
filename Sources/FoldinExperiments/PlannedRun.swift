import FoldinInteractions
import FoldinTraining

/// One training of a sweep: its options, and a name for it that stays the same in every sweep that has it.
public struct PlannedRun: Sendable, Equatable {
    /// `mult-vae-600-200-seed1-3f2a9c01`: some options for people to read, and a digest of all that are not the default. It
    /// depends on the options alone, not on the place in the sweep nor on the data.
    public let id: String
    /// The same for the options without the seed: runs that differ in the seed only share it.
    public let configuration: String
    public let plan: TrainingPlan

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

    /// The options that are not what `foldin train` takes by default; an option that a later version adds changes no name.
    static func changes(in options: [String: String]) -> [String: String] {
        let defaults = TrainingPlan().options
        return options.filter { defaults[$0.key] != $0.value }
    }

    private static func digest(_ options: [String: String]) -> String {
        let lines = options.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)\n" }.joined()
        return String(Array(lines.utf8).withUnsafeBytes(Checksum.sha256).prefix(8))
    }
}
