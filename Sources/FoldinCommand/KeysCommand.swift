#if Service
import ArgumentParser
import FoldinService
import Foundation

extension Scope: ExpressibleByArgument {}

/// `foldin keys`: makes an API key for a service.
struct KeysCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keys", abstract: "Make an API key for the service.",
        discussion: """
            Prints the key, once, on standard error, and its line for a key file on standard output: a digest, from which the key cannot \
            be found. Example: foldin keys shop --scope write --file keys.txt. The service reads its key file when it starts, on SIGHUP and when the file \
            changes, and refuses a file that others than its owner can read.
            """)

    @Argument(help: ArgumentHelp("The name of its owner, which the log shows.", valueName: "name")) var name: String
    @Option(help: "What it allows: read, write (also events) or admin (also reloading).") var scope: Scope = .read

    @Option(
        help: ArgumentHelp(
            "Append the line to this key file instead of printing it; created with mode 600.", valueName: "file"),
        completion: .file())
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
#endif
