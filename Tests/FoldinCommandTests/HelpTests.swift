#if Experiments && Service
import Foldin
import Foundation
import Testing

@Suite("Help") struct HelpTests {
    static let text = """
        OVERVIEW: Autoencoder collaborative filtering: from a ratings file to
        recommendations.

        USAGE: foldin <subcommand>

        OPTIONS:
          --version               Show the version.
          -h, --help              Show help information.

        SUBCOMMANDS:
          prepare                 Turn a ratings file into a directory ready for
                                  training.
          datasets                List, fetch or make ratings files.
          train                   Train a model on a prepared directory.
          auto                    Find a good model for a prepared directory: trains
                                  many and keeps the best.
          compare                 Train several models on a prepared directory and hold
                                  them against each other.
          blend                   Make one model of several: the weighted sum of their
                                  scores.
          evaluate                Measure a model on a prepared directory's held-out
                                  users.
          sweep                   Train all models that a TOML file lists, and keep the
                                  results together.
          tables                  Print a sweep's results as CSV, Markdown, LaTeX or
                                  JSON.
          report                  Make one self-contained HTML page of a sweep's
                                  results.
          recommend               Recommend items to users from the items they liked.
          similar                 Show the items most similar to an item.
          serve                   Serve a model over HTTP, with a page to try it on.
          keys                    Make an API key for the service.
          import-events           Add the rows of a ratings file to the service's
                                  events.
          export-events           Write the service's events to a ratings file for
                                  'foldin prepare'.
          bench                   Measure speed on this machine.
          doctor                  Show this machine's processor and memory and how much
                                  memory a dataset would need.

          See 'foldin help <subcommand>' for detailed help.

        """

    @Test(arguments: [["--help"], ["-h"], ["help"], []])
    func isThisText(arguments: [String]) throws {
        let outcome = try PrepareCommandTests.foldin(arguments, environment: ["COLUMNS": "80"])
        #expect(outcome.status == 0 && outcome.output == Self.text && outcome.errors.isEmpty)
    }

    @Test func versionIsThatOfTheLibrary() throws {
        let outcome = try PrepareCommandTests.foldin(["--version"])
        #expect(outcome.status == 0 && outcome.output == FoldinVersion.text + "\n" && outcome.errors.isEmpty, "\(outcome)")
    }

    static let subcommands = [
        ["prepare"], ["datasets"], ["datasets", "list"], ["datasets", "fetch"], ["datasets", "make"], ["train"], ["auto"],
        ["compare"],
        ["blend"],
        ["evaluate"], ["sweep"], ["tables"], ["report"], ["recommend"], ["similar"], ["serve"], ["keys"], ["import-events"],
        ["export-events"], ["bench"], ["bench", "step"], ["bench", "data"], ["bench", "read"], ["doctor"],
    ]

    /// Every subcommand says what it does and how it is called, and every option says what it is for.
    @Test(arguments: subcommands)
    func everySubcommandHasHelp(name: [String]) throws {
        let outcome = try PrepareCommandTests.foldin(name + ["--help"], environment: ["COLUMNS": "80"])
        #expect(outcome.status == 0 && outcome.errors.isEmpty)
        #expect(outcome.output.hasPrefix("OVERVIEW: ") && outcome.output.contains("USAGE: foldin " + name.joined(separator: " ")))
        let lines = outcome.output.split(separator: "\n")
        for (line, next) in zip(lines, lines.dropFirst() + [""]) where line.hasPrefix("  -") {
            let explained = line.count > 26 && !line.hasSuffix(">") || next.hasPrefix(String(repeating: " ", count: 26))
            #expect(explained, "\(line)")
        }
    }

    /// The stored text names every subcommand that is tested, and no other.
    @Test func everySubcommandIsKnownHere() {
        let named = Self.text.split(separator: "\n").filter { $0.hasPrefix("  ") && !$0.hasPrefix("   ") && $0.contains("   ") }
            .map { String($0.split(separator: " ")[0]) }.filter { !$0.hasPrefix("-") }
        #expect(Set(named) == Set(Self.subcommands.map { $0[0] }))
    }
}
#endif
