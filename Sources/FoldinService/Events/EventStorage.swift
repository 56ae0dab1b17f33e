#if Service
import FoldinInteractions
import FoldinSupport
import Logging
import Metrics

/// Which ``EventStore`` a service keeps its events in, and how it is opened.
///
/// Another store is one type that conforms to ``EventStore``, and one line where the configuration is made:
///
/// <!-- given:
/// var configuration = ServiceConfiguration(model: "run")
/// let url: String
/// let RedisEventStore: @Sendable (String, EventStoreOptions) async throws -> any EventStore = { _, options in InMemoryEventStore(options) }
/// -->
/// ```swift
/// configuration.events = EventStorage("redis") { options in try await RedisEventStore(url, options) }
/// ```
public struct EventStorage: Sendable {
    /// What error messages call the store, such as the path of its database.
    public let name: String
    /// The files that the store may write, and what to call them. No file that a service reads may be one of them.
    let files: [Overlap.Input]
    /// Opens the store.
    public let open: @Sendable (_ options: EventStoreOptions) async throws -> any EventStore

    /// A store that `open` opens.
    ///
    /// - Parameters:
    ///   - name: what error messages call the store.
    ///   - files: the files that the store may write.
    ///   - open: called once for each store, when a service, an import or an export begins. It must not block its thread.
    public init(
        _ name: String, files: [String] = [],
        open: @escaping @Sendable (_ options: EventStoreOptions) async throws -> any EventStore
    ) {
        self.name = name
        self.files = files.map { Overlap.Input($0, "the database") }
        self.open = open
    }

    /// The SQLite database in the file `path`, which is created when it does not exist.
    public static func sqlite(_ path: String) -> EventStorage {
        EventStorage(path, files: Overlap.databaseFiles(of: path)) { try await SQLiteEventStore.open(path, options: $0) }
    }

    /// The memory of the process: every store is empty when it is opened, and its events are lost when it is closed.
    public static let inMemory = EventStorage("memory") { InMemoryEventStore($0) }
}

/// How a store of events is opened.
public struct EventStoreOptions: Sendable {
    /// What a store is opened for.
    public enum Access: Sendable {
        /// Everything. What does not exist is created.
        case readWrite
        /// Reading alone. What does not exist is an error, and nothing is created or changed.
        case readOnly
    }

    /// What the store is opened for.
    public var access = Access.readWrite
    /// Events of a user that are kept; of more, the oldest are removed.
    public var eventsPerUser = 100_000
    /// Time limit for reading the events of a user, including the wait for a connection.
    public var readTime = Duration.seconds(5)
    /// Time limit for a transaction that writes, including the wait for other writers.
    public var writeTime = Duration.seconds(10)
    /// Where the store records its metrics; nil for nowhere.
    public var metrics: (any MetricsFactory)?

    /// The defaults.
    public init() {}
}
#endif
