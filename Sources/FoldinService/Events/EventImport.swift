#if Service
import FoldinInteractions
import FoldinMessages
import FoldinSupport

/// Interactions of the time before a service, added to its events: users of that time then have a history.
public enum EventImport {
    /// What an import did.
    public struct Outcome: Sendable, Equatable, Encodable {
        /// Events that were added.
        public var events = 0
        /// The users of these events.
        public var users = 0
        /// Rows that the store had as events before.
        public var alreadyThere = 0
        /// Rows that are the same as an earlier row.
        public var repeated = 0

        /// The outcome of an import without rows.
        public init() {}
    }

    /// Thrown when an import was asked to stop; nothing was added then.
    public struct Interrupted: Error {
        /// The error.
        public init() {}
    }

    /// Takes one event; the arguments are the properties of `Event`.
    public typealias Add = (_ user: String, _ item: String, _ rating: Double?, _ time: Int?) throws -> Void

    /// Adds events to `storage`, which is created when it does not exist: all events that `rows` hands to its argument or, when an error is
    /// thrown, none; a store that was created is removed then.
    ///
    /// An event that is there already, with the same user, item, rating and time, is not added again; an event without a time matches any time.
    /// A new event without a time gets the present time. A service may use the store meanwhile. At the end, while the events are added, its
    /// own events wait.
    ///
    /// - Parameters:
    ///   - storage: the store. None of its files may be `source`.
    ///   - source: the file that the rows come from, for error messages.
    ///   - shouldStop: called between rows and steps; when it returns true, `Interrupted` is thrown.
    ///   - rows: produces the events; called once, on a thread that may block.
    /// - Throws: `FoldinError` of kind `badData` for a row that a service would refuse, `usage`, `cannotCreate` or `writeFailed`; what
    ///   `rows` throws; `Interrupted`.
    public static func write(
        to storage: EventStorage, source: String, shouldStop: @escaping @Sendable () -> Bool = { false },
        _ rows: @escaping @Sendable (_ add: Add) throws -> Void
    ) async throws -> Outcome {
        for file in storage.files {
            try Overlap.refuse(file.path, over: [Overlap.Input(source, "the ratings file")])
        }
        let store = try await storage.open(EventStoreOptions())
        do {
            let outcome = try await write(to: store, source: source, shouldStop: shouldStop, rows)
            try await store.close()
            return outcome
        } catch {
            await store.discard()
            guard let error = error as? EventStoreError else { throw error }
            throw FoldinError(
                .writeFailed, file: storage.name, found: error.description, expected: "a database that events can be added to")
        }
    }

    /// Adds events to an open store; see ``write(to:source:shouldStop:_:)-(EventStorage,_,_,_)``.
    ///
    /// - Throws: `FoldinError` of kind `badData` for a row that a service would refuse; what the store and `rows` throw; `Interrupted`.
    public static func write(
        to store: any EventStore, source: String, shouldStop: @escaping @Sendable () -> Bool = { false },
        _ rows: @escaping @Sendable (_ add: Add) throws -> Void
    ) async throws -> Outcome {
        let idLength = ServiceConfiguration.Limits().idLength
        return try await store.merge(stoppingWhen: shouldStop) { add in
            var row = 0
            try rows { user, item, rating, time in
                row += 1
                let event = Event(user: user, item: item, rating: rating, time: time)
                if shouldStop() { throw Interrupted() }
                if let fault = EventRules.fault(in: event, idLength: idLength) {
                    throw FoldinError(
                        .badData, file: source, found: "\(fault.found) of row \(row) of data", expected: fault.expected)
                }
                try add(event)
            }
        }
    }
}
#endif
