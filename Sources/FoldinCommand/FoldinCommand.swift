import ArgumentParser
import Foldin
import FoldinKernels
import FoldinSupport
import Foundation

#if !Command
#error("the command needs the package trait Command, which is a default; add it to --traits")
#endif

/// The root command; each subcommand has a file of its own.
struct FoldinCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "foldin",
        abstract: "Autoencoder collaborative filtering: from a ratings file to recommendations.",
        version: FoldinVersion.text,
        subcommands: [
            PrepareCommand.self,
            DatasetsCommand.self,
            TrainCommand.self,
            AutoCommand.self, CompareCommand.self,
            BlendCommand.self,
            EvaluateCommand.self,
            SweepCommand.self,
            TablesCommand.self,
            ReportCommand.self,
            RecommendCommand.self,
            SimilarCommand.self,
            ServeCommand.self,
            KeysCommand.self,
            ImportEventsCommand.self,
            ExportEventsCommand.self,
            BenchCommand.self,
            DoctorCommand.self,
        ])
}

@main
enum Main {
    static func main() async {
        // Exceeding a limit on the size of files then fails with a message instead of ending the process.
        signal(SIGXFSZ, SIG_IGN)
        // A reader of the output that ends then does not end a training.
        signal(SIGPIPE, SIG_IGN)
        Console.holdStandardDescriptors()
        if let unknown = UnknownSubcommand(in: CommandLine.arguments.dropFirst(), of: FoldinCommand.self) {
            Console.notes(unknown.message)
            exit(64)
        }
        do {
            var command = try FoldinCommand.parseAsRoot()
            guard MatrixMultiply.isAvailable || command is DoctorCommand else {
                throw FoldinError(
                    .missingInput, found: "neither AVX2 in the processor nor the library libopenblas.so.0",
                    expected: "one of them; Debian's package is libopenblas0")
            }
            try Descriptors.check()
            if var command = command as? AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        } catch let error as FoldinError {
            Console.failure(error)
            exit(error.exitStatus)
        } catch let error as TrainingDivergence {
            Console.note("foldin: \(error)")
            exit(error.exitStatus)
        } catch {
            // The argument parser has a specific status for each of its own errors.
            let status = FoldinCommand.exitCode(for: error)
            guard status == .failure, !(error is ExitCode) else {
                // The parser's own output would contain control characters of values.
                let message = FoldinCommand.fullMessage(for: error)
                if status.isSuccess { exit(show(message)) }
                if !message.isEmpty { Console.notes(message) }
                exit(status.rawValue)
            }
            Console.note("foldin: \(UnexpectedError.sentence(error))")
            exit(error is CancellationError ? 130 : 70)
        }
    }

    /// Prints a help text, if it is not empty; returns the exit status.
    private static func show(_ text: String) -> Int32 {
        do {
            if !text.isEmpty { try Console.result(text) }
            return 0
        } catch {
            Console.note("foldin: \(error)")
            return (error as? FoldinError)?.exitStatus ?? 70
        }
    }
}
