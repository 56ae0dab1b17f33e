import FoldinSupport
import Foundation

/// A new folder for one test, removed with its contents when this object is released.
public final class TemporaryFolder {
    /// The folder's path, without a slash at its end.
    public let path: String

    /// Creates the folder.
    public init() throws {
        let parent = NSTemporaryDirectory()
        path = (parent.hasSuffix("/") ? parent : parent + "/") + "foldin-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// Calls `body` with the path of a new folder, which is removed afterwards.
    public static func with<Result>(_ body: (_ path: String) throws -> Result) throws -> Result {
        let folder = try TemporaryFolder()
        return try withExtendedLifetime(folder) { try body(folder.path) }
    }

    /// Writes a text to the file `name`; creates folders in `name` as needed. Returns the file's path.
    @discardableResult
    public func write(_ name: String, _ text: String) throws -> String { try write(name, bytes: Array(text.utf8)) }

    /// Writes bytes to the file `name`; creates folders in `name` as needed. Returns the file's path.
    @discardableResult
    public func write(_ name: String, bytes: [UInt8]) throws -> String {
        let file = path + "/" + name
        let folder = (file as NSString).deletingLastPathComponent
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try Data(bytes).write(to: URL(fileURLWithPath: file))
        return file
    }

    /// The names in the folder or in a folder of it, sorted.
    public func names(in folder: String = "") throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: path + "/" + folder).sorted()
    }

    /// The contents of a file as text.
    public func text(_ name: String) throws -> String { try String(contentsOfFile: path + "/" + name, encoding: .utf8) }
}

/// Runs `body` with the path of a folder that exists only for it.
public func withTemporaryFolder<Result>(_ body: (String) throws -> Result) throws -> Result {
    let folder = try TemporaryFolder()
    return try withExtendedLifetime(folder) { try body(folder.path) }
}

/// The `FoldinError` that `body` throws; nil if it throws another error or none.
public func failure<Value>(_ body: () throws -> Value) -> FoldinError? {
    do {
        _ = try body()
        return nil
    } catch {
        return error as? FoldinError
    }
}
