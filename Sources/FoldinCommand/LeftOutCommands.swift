import ArgumentParser
import Foldin

/// Stands for a subcommand that this build does not have, and says how to get it.
protocol LeftOutCommand: ParsableCommand {
    /// The package trait that the subcommand needs.
    static var trait: String { get }
}

extension LeftOutCommand {
    static func leftOut(_ name: String) -> CommandConfiguration {
        CommandConfiguration(commandName: name, abstract: "Not in this build: it needs the package trait \(trait).")
    }

    func run() throws {
        throw FoldinError(
            .usage, found: "a build of foldin without '\(Self._commandName)'",
            expected: """
                one with the package trait \(Self.trait): `make build`, or \
                `swift build -c release --product foldin --traits default,\(Self.trait)`
                """)
    }
}

#if !Experiments
struct SweepCommand: LeftOutCommand {
    static let trait = "Experiments"
    static let configuration = leftOut("sweep")
    @Argument(parsing: .captureForPassthrough) var rest: [String] = []
}

struct TablesCommand: LeftOutCommand {
    static let trait = "Experiments"
    static let configuration = leftOut("tables")
    @Argument(parsing: .captureForPassthrough) var rest: [String] = []
}

struct ReportCommand: LeftOutCommand {
    static let trait = "Experiments"
    static let configuration = leftOut("report")
    @Argument(parsing: .captureForPassthrough) var rest: [String] = []
}
#endif

#if !Service
struct ServeCommand: LeftOutCommand {
    static let trait = "Service"
    static let configuration = leftOut("serve")
    @Argument(parsing: .captureForPassthrough) var rest: [String] = []
}

struct KeysCommand: LeftOutCommand {
    static let trait = "Service"
    static let configuration = leftOut("keys")
    @Argument(parsing: .captureForPassthrough) var rest: [String] = []
}

struct ImportEventsCommand: LeftOutCommand {
    static let trait = "Service"
    static let configuration = leftOut("import-events")
    @Argument(parsing: .captureForPassthrough) var rest: [String] = []
}

struct ExportEventsCommand: LeftOutCommand {
    static let trait = "Service"
    static let configuration = leftOut("export-events")
    @Argument(parsing: .captureForPassthrough) var rest: [String] = []
}
#endif
