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
        let terminal =
            switch format {
            case .svg: "set terminal svg noenhanced dynamic size 640,\(figure.height) font 'Helvetica,15'"
            case .png:
                "set terminal pngcairo noenhanced size 1920,\(figure.height * 3) font 'Helvetica,15' fontscale 2.6 linewidth 2.4 pointscale 3"
            }
        let folder = FileManager.default.temporaryDirectory.appending(path: "foldin-figure-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        let picture = folder.appending(path: "picture")
        let process = Process()
        let errors = Pipe()
        do {
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            let script = folder.appending(path: "script")
            let output = "set output \(Self.quoted(picture.path(percentEncoded: false)))"
            try Data("\(terminal)\n\(output)\n\(figure.script)\nunset output\n".utf8).write(to: script)
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
