import FoldinTestSupport
import Foundation
import Testing

private let python = ProcessInfo.processInfo.environment["FOLDIN_PYTHON"]

/// What a user at a terminal sees. Python makes the terminal.
@Suite(.enabled(if: python != nil, "FOLDIN_PYTHON names a Python")) struct ProgressTests {
    /// Runs the command on a terminal of some columns and prints what it received, as one JSON text.
    private static let terminal = """
        import fcntl, json, os, pty, struct, sys, termios
        columns, *command = sys.argv[1:]
        child, descriptor = pty.fork()
        if child == 0:
            fcntl.ioctl(1, termios.TIOCSWINSZ, struct.pack("HHHH", 24, int(columns), 0, 0))
            os.execv(command[0], command)
        received = b""
        while True:
            try: part = os.read(descriptor, 65536)
            except OSError: break
            if not part: break
            received += part
        os.waitpid(child, 0)
        print(json.dumps(received.decode()))
        """

    private static func output(
        of arguments: [String], columns: Int, environment: [String: String] = [:]
    ) throws -> String {
        let process = Process()
        let pipe = Pipe()
        process.executableURL = URL(filePath: try #require(python))
        process.arguments = ["-c", terminal, "\(columns)", PrepareCommandTests.executable.path] + arguments
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        process.standardOutput = pipe
        try process.run()
        let data = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return try JSONDecoder().decode(String.self, from: data)
    }

    /// Every redraw of the bar replaces the one before: none is longer than a line.
    @Test(arguments: [40, 80]) func progressFitsTheTerminal(columns: Int) throws {
        let run = try TrainedRun(training: false)
        let text = try Self.output(
            of: ["train", run.data, "--out", run.folder.path + "/run", "--latent", "8", "--hidden", "16", "--epochs", "40"],
            columns: columns)
        let redraws = text.components(separatedBy: "\r\u{1B}[K").dropFirst()
        try #require(redraws.count > 3)
        for redraw in redraws.dropLast() {
            #expect(redraw.count < columns && !redraw.contains("\n"), "\(redraw.debugDescription)")
        }
    }

    @Test func colourIsForTerminalsThatWantIt() throws {
        let missing = ["evaluate", "/none", "/none"]
        let shown = ["TERM": "xterm", "NO_COLOR": ""]
        let coloured = try Self.output(of: missing, columns: 80, environment: shown)
        #expect(coloured.hasPrefix("\u{1B}[31mfoldin:\u{1B}[0m /none: found"))
        for environment in [["TERM": "xterm", "NO_COLOR": "1"], ["TERM": "dumb", "NO_COLOR": ""]] {
            let plain = try Self.output(of: missing, columns: 80, environment: environment)
            #expect(plain.hasPrefix("foldin: /none: found") && !plain.contains("\u{1B}"))
        }
        let piped = try PrepareCommandTests.foldin(missing).errors
        #expect(piped.hasPrefix("foldin: ") && !piped.contains("\u{1B}"))
    }

    @Test func shellsCompleteModelsPresetsAndFiles() throws {
        let script = try PrepareCommandTests.foldin(["--generate-completion-script", "fish"])
        #expect(script.status == 0)
        for word in ["rec-vae", "edlae", "liang-vae", "safetensors"] { #expect(script.output.contains(word), "\(word)") }
    }
}
