#if Experiments
import FoldinSupport
import FoldinTraining
import Foundation

/// The section of a report that says what the runs were made by and on, as their records tell.
struct MachineSection {
    let results: SweepResults

    /// One row of the table: runs made by the same version on the same machine.
    private struct Machine: Hashable {
        let processor: String, processors: Int, memoryBytes: Int, threads: Int, foldin: String

        init(_ environment: RunEnvironment) {
            processor = environment.processor ?? "unknown"
            processors = environment.processors
            memoryBytes = environment.memoryBytes
            threads = environment.threads
            foldin = environment.foldin
        }
    }

    /// The section; nil if no run has a record of its environment.
    var section: Report.Section? {
        let environments = results.evaluated.compactMap { run in
            RunEnvironment(recordedIn: results.directory + "/" + SweepRun.path(of: run.id) + "/run.json")
        }
        guard !environments.isEmpty else { return nil }
        // In the order of the runs.
        var machines: [(machine: Machine, runs: Int)] = []
        var commands: [[String]] = []
        for environment in environments {
            let machine = Machine(environment)
            if let known = machines.firstIndex(where: { $0.machine == machine }) {
                machines[known].runs += 1
            } else {
                machines.append((machine, 1))
            }
            if !commands.contains(environment.command) { commands.append(environment.command) }
        }
        let rows = machines.map { machine, runs -> [Table.Cell] in
            [
                .text(machine.processor), .init(machine.processors), .init(Double(machine.memoryBytes) / 0x1p30, digits: 1),
                .init(machine.threads), .text(machine.foldin), .init(runs),
            ]
        }
        let table = Table(
            "Machines",
            columns: [
                .init("processor"), .init("processors", .number), .init("memory, GiB", .number), .init("threads", .number),
                .init("foldin"), .init("runs", .number),
            ], rows: rows)
        let words = commands.map { "<pre class=\"command\" tabindex=\"0\"><code>\(Self.text($0))</code></pre>" }
        return Report.Section(
            id: "machine", title: "Machine",
            body:
                "<p>Times are comparable on the same machine only; the number of threads changes neither models nor metrics.</p>"
                + HTML.table(table) + "<p>The runs were made by:</p>" + words.joined(separator: "\n"))
    }

    /// A command line as HTML. The program is named without its folder.
    private static func text(_ command: [String]) -> String {
        command.enumerated().map { place, word in
            let shown = place == 0 ? String(word.split(separator: "/").last ?? "foldin") : word
            return "<span>\(HTML.escaped(StoredRun.shellWord(shown)))</span>"
        }.joined(separator: " ")
    }
}
#endif
