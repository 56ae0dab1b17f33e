import ArgumentParser
import Foldin

/// A word on the command line in the place of a subcommand that is not the name of one.
struct UnknownSubcommand {
    /// The error message, in the form of the message about an unknown option.
    let message: String

    /// Nil if all words of `arguments` in the place of a subcommand are names of subcommands.
    init?(in arguments: some Sequence<String>, of root: any ParsableCommand.Type) {
        var command = root
        for (place, word) in arguments.enumerated() {
            let subcommands = command.configuration.subcommands
            if subcommands.isEmpty || word.hasPrefix("-") { return nil }
            if let next = subcommands.first(where: { $0._commandName == word || $0.configuration.aliases.contains(word) }) {
                command = next
            } else if !(place == 0 && word == "help") {
                let names = subcommands.map { $0._commandName }
                let near = NearNames.indices(of: word, among: names, count: 1).first
                let suggestion = near.map { " Did you mean '\(names[$0])'?" } ?? ""
                let path = root == command ? root._commandName : root._commandName + " " + command._commandName
                message = """
                    Error: Unknown subcommand '\(word.escapedForTerminal)'.\(suggestion)
                    Usage: \(path) <subcommand>
                      See '\(path) --help' for more information.
                    """
                return
            }
        }
        return nil
    }
}
