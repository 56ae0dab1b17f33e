#if Experiments
import FoldinTraining

extension StoredRun {
    /// The `foldin train` command that makes this run again, as one line for a POSIX shell.
    ///
    /// It has the model, the seed and every option that is not the default, in the order of `foldin train --help`.
    ///
    ///     foldin train data --out NAME --model NAME --epochs 100 --seed 1
    ///
    /// - Parameter data: the prepared directory.
    public func command(data: String) -> String { commandWords(data: data).joined(separator: " ") }

    /// The words of `command(data:)`, quoted; a flag and its value are one text.
    func commandWords(data: String) -> [String] {
        var shown = PlannedRun.changes(in: options)
        for name in ["model", "seed"] { shown[name] = options[name] }
        // A directory that begins with a dash would be read as a flag.
        let directory = data.hasPrefix("-") ? "./" + data : data
        let flags = TrainingPlan.optionNames.compactMap { name in
            shown[name].map { "--\(name)\($0.hasPrefix("-") ? "=" : " ")\(Self.shellWord($0))" }
        }
        return ["foldin", "train", Self.shellWord(directory), "--out \(Self.shellWord(id))"] + flags
    }

    /// A text as one word of a POSIX shell: in single quotes unless all its characters are safe.
    static func shellWord(_ text: String) -> String {
        let isSafe = text.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"):
                true
            default: "_@%+=:,./-".utf8.contains(byte)
            }
        }
        return isSafe && !text.isEmpty ? text : "'" + text.replacing("'", with: "'\\''") + "'"
    }
}
#endif
