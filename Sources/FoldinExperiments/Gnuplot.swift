#if Experiments
import FoldinInteractions
import FoldinSupport
import Foundation

/// Draws figures with the program gnuplot, version 5 or later.
///
///     let picture = try Gnuplot().draw(figure, as: .svg)
public struct Gnuplot: Sendable {
    /// The format of a picture.
    public enum Format: String, Sendable, CaseIterable {
        /// Vector graphics, 640 pixels wide.
        case svg
        /// A bitmap, 1920 pixels wide.
        case png
    }

    /// The path of the program.
    public let path: String

    /// Finds the program in the directories of a search path, by default `PATH`.
    ///
    /// - Throws: `FoldinError` of kind `missingInput` that says how to install it.
    public init(searching directories: String = ProcessInfo.processInfo.environment["PATH"] ?? "") throws {
        let candidates = directories.split(separator: ":").map { String($0) + "/gnuplot" }
        guard let found = candidates.first(where: { FileManager.default.isExecutableFile(atPath: $0) }) else {
            throw FoldinError(
                .missingInput, found: "no program gnuplot on PATH",
                expected: "gnuplot 5 or later to draw figures: apt-get install gnuplot-nox, or brew install gnuplot")
        }
        path = found
    }

    /// The bytes of the picture.
    ///
    /// - Throws: `FoldinError` of kind `badData` with gnuplot's message, or of kind `cannotCreate` if it does not start.
    public func draw(_ figure: Figure, as format: Format) throws -> Data {
        switch format {
        case .svg: try draw(figure, "svg noenhanced dynamic size 640,\(figure.height) font 'Helvetica,15'")
        case .png:
            try draw(
                figure,
                "pngcairo noenhanced size 1920,\(figure.height * 3) font 'Helvetica,15' fontscale 2.6 linewidth 2.4 pointscale 3"
            )
        }
    }

    /// The picture as SVG for the report: 480 pixels wide, so that its text can be read on a small screen, and without a legend.
    func drawForPage(_ figure: Figure) throws -> Data {
        try draw(
            figure, "svg noenhanced dynamic size 480,\(min(figure.height, 440) * 9 / 10) font 'Helvetica,15'", isKeyed: false)
    }

    private func draw(_ figure: Figure, _ terminal: String, isKeyed: Bool = true) throws -> Data {
        let folder = FileManager.default.temporaryDirectory.appending(path: "foldin-figure-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        let picture = folder.appending(path: "picture")
        let process = Process()
        let errors = Pipe()
        do {
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            let script = folder.appending(path: "script")
            let output = "set output \(Self.quoted(picture.path(percentEncoded: false)))"
            let setting = "set terminal \(terminal)\n\(output)\nkeyed = \(isKeyed ? 1 : 0)\n"
            try Data("\(setting)\(figure.script)\nunset output\n".utf8).write(to: script)
            process.executableURL = URL(filePath: path)
            process.arguments = [script.path(percentEncoded: false)]
            process.standardInput = FileHandle.nullDevice
            process.standardOutput = FileHandle.nullDevice
            process.standardError = errors
            try process.run()
        } catch {
            throw FoldinError(
                .cannotCreate, file: path, found: UnexpectedError.reason(error), expected: "gnuplot to draw \(figure.name)")
        }
        let message = errors.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        guard process.terminationStatus == 0, let data = FileManager.default.contents(atPath: picture.path(percentEncoded: false))
        else {
            let lines = String(decoding: message, as: UTF8.self).split(separator: "\n").filter { $0.contains { $0.isLetter } }
            throw FoldinError(
                .badData, file: path, found: lines.last.map(String.init) ?? "no picture", expected: "the figure \(figure.name)")
        }
        return data
    }

    /// A text in single quotes, as gnuplot reads it; line breaks become spaces.
    static func quoted(_ text: String) -> String {
        "'" + text.replacing("'", with: "''").map { $0.isNewline ? " " : String($0) }.joined() + "'"
    }
}
#endif
