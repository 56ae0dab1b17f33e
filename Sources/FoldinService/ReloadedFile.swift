#if Service
import Logging
import NIOConcurrencyHelpers

/// Something that is read from files when the service starts, on SIGHUP, and when the files change.
protocol Reloaded: Sendable {
    /// Reads the files again. If that fails, nothing changes.
    func reload() async
    /// Reads the files again if they have changed, and have not changed between the last two checks, so that a copy in progress is not read.
    func reloadIfChanged() async
}

extension ModelStore: Reloaded {}

/// A value that is read from files, and replaced as a whole when they are read again.
final class ReloadedFile<Value: Sendable>: Reloaded {
    private struct State {
        var value: Value
        /// The stamps of the files at the last attempt to read them, and at the last check.
        var tried, seen: [FileStamp?]
    }

    private let name: String
    private let paths: [String]
    private let logger: Logger
    private let read: @Sendable () throws -> Value
    private let state: NIOLockedValueBox<State>

    /// Reads the value for the first time.
    init(_ name: String, paths: [String], logger: Logger, read: @escaping @Sendable () throws -> Value) throws {
        (self.name, self.paths, self.logger, self.read) = (name, paths, logger, read)
        let stamps = paths.map { FileStamp($0) }
        state = NIOLockedValueBox(State(value: try read(), tried: stamps, seen: stamps))
    }

    /// The value that was read last.
    var value: Value { state.withLockedValue(\.value) }

    func reload() async {
        let stamps = paths.map { FileStamp($0) }
        do {
            let value = try read()
            state.withLockedValue { ($0.value, $0.tried) = (value, stamps) }
            logger.info("\(name) loaded")
        } catch {
            state.withLockedValue { $0.tried = stamps }
            logger.error("\(name) not loaded; the old ones stay", metadata: ["reason": "\(error)"])
        }
    }

    func reloadIfChanged() async {
        let stamps = paths.map { FileStamp($0) }
        let isDue = state.withLockedValue { state in
            defer { state.seen = stamps }
            return !stamps.contains(nil) && stamps == state.seen && stamps != state.tried
        }
        if isDue { await reload() }
    }
}
#endif
