import ArgumentParser
import FoldinService
import Foundation

extension Scope: ExpressibleByArgument {}

/// `foldin keys`: API keys for the service.
struct KeysCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keys", abstract: "Make an API key for the service.",
        discussion: """
            Prints the key, once, on standard error, and on standard output the line that a key file has of it: a digest, from which the key cannot \
            be found. So: foldin keys shop --scope write --file keys.txt. The service reads its key file when it starts, on SIGHUP and when it changes, \
            and refuses one that others than its owner can read.
            """)

    @Argument(help: ArgumentHelp("Whose key it is; stands in the log.", valueName: "name")) var name: String
    @Option(help: "What it allows: read, write (also events) or admin (also reloading).") var scope: Scope = .read

    @Option(
        help: ArgumentHelp(
            "Append the line to this key file, made for its owner alone, instead of printing it.", valueName: "file"))
    var file: String?

    func validate() throws {
        if name.isEmpty || name.hasPrefix("#") || name.contains(where: \.isWhitespace) {
            throw ValidationError("found the name '\(name)'; expected one word")
        }
    }

    func run() throws {
        let (key, line) = KeyRing.make(name: name, scope: scope)
        if let file { try KeyRing.append(line, to: file) } else { try Console.result(line) }
        Console.note(key)
    }
}
