#if Service
import FoldinInteractions
import FoldinMessages

/// Keeps the events of a service: which user liked or rated which item, and when.
///
/// Many tasks use a store at once. Every requirement is asynchronous and must not block the thread that it is called on. A store is opened
/// by the `open` function of an ``EventStorage``.
///
/// ## Order
///
/// Events have two orders. The *order of arrival* is that of the calls of ``append(_:)``; the events of one call are adjacent and in the
/// order of the array. An event's *position* is a number that grows with arrival and is never given twice, also after the event was
/// removed. The *order of time* is that of `Event.time`; events of equal time are ordered by arrival.
///
/// ## Errors
///
/// A failure of the store is an ``EventStoreError``, or a `FoldinError` where a file is concerned. Every requirement but ``close()`` and
/// ``discard()`` throws ``EventStoreError/closed`` after the store was closed. A task that is cancelled may get a `CancellationError`.
public protocol EventStore: Sendable {
    /// Adds all of `events`, or none when an error is thrown. When it returns, the events are as durable as the store can make them.
    ///
    /// An event without a time gets the present time. Where ``EventStoreOptions/eventsPerUser`` is exceeded, the oldest events of that user by
    /// time are removed; the store may remove up to 1 % of the limit more than necessary.
    func append(_ events: [Event]) async throws

    /// The latest events of `user`, at most `limit`, in descending order of time.
    func latestEvents(of user: String, limit: Int) async throws -> [Event]

    /// Removes all events of `user` that were there when it was called.
    ///
    /// - Returns: the number of events that were removed, and whether copies of them may still be on the disk. The store erases those as soon
    ///   as it can.
    func delete(user: String) async throws -> DeletionReply

    /// Removes all events with a time before `time`, in seconds since 1970. Returns how many.
    func removeEvents(before time: Int) async throws -> Int

    /// The position of the last event in the order of arrival; 0 when there are no events.
    func lastPosition() async throws -> Int64

    /// The next events in the order of arrival, with positions above `position` and up to `last`.
    ///
    /// A page has at least one event unless there are none left. Events that are added or removed between two pages do not change which other
    /// events the pages have.
    func page(after position: Int64, through last: Int64) async throws -> EventPage

    /// Adds the events of `source` that are not there yet, in their order: all of them, or none when an error is thrown.
    ///
    /// `source` is called once, on a thread that may block, and calls its argument for each event. An event is there already if the store has
    /// one with the same user, item, rating and time; an event without a time matches any time. Of equal events in the source the first
    /// counts. ``EventStoreOptions/eventsPerUser`` is not applied until the user's next ``append(_:)``.
    ///
    /// - Parameters:
    ///   - shouldStop: called between steps; when it returns true, ``EventImport/Interrupted`` is thrown.
    ///   - source: produces the events. What it throws is thrown on.
    func merge(
        stoppingWhen shouldStop: @escaping @Sendable () -> Bool,
        _ source: @escaping @Sendable (_ add: (Event) throws -> Void) throws -> Void
    ) async throws -> EventImport.Outcome

    /// Throws when events cannot be stored at present. Waits neither for readers nor for writers.
    func check() async throws

    /// Closes the store. Calls under way finish or throw ``EventStoreError/closed``. Does nothing when the store is closed already.
    func close() async throws

    /// Closes the store, and removes what opening it created, unless something was stored in it. The default is ``close()`` alone.
    func discard() async
}

/// Some events of a store in the order of arrival; see ``EventStore/page(after:through:)``.
public struct EventPage: Sendable, Equatable {
    /// The events, each with its time; empty when there are no more.
    public var events: [Event]
    /// The position of the last of them: where the next page begins.
    public var end: Int64

    /// A page of these events.
    public init(events: [Event], end: Int64) { (self.events, self.end) = (events, end) }
}

extension EventStore {
    public func discard() async { try? await close() }

    /// Calls `body` with all events that are there at the beginning, page by page in the order of arrival.
    ///
    /// Events that are removed meanwhile may be missing.
    ///
    /// - Throws: what the store or `body` throws.
    public func forEachPage(_ body: ([Event]) async throws -> Void) async throws {
        let last = try await lastPosition()
        var position: Int64 = 0
        while position < last {
            let page = try await page(after: position, through: last)
            if page.events.isEmpty { break }
            try await body(page.events)
            position = page.end
        }
    }
}

/// Why a store of events failed.
public enum EventStoreError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The store was closed.
    case closed
    /// The store was opened by ``EventStoreOptions/Access/readOnly``.
    case readOnly
    /// The store took longer than it may.
    case timedOut(Duration)
    /// The store itself failed.
    ///
    /// - Parameters:
    ///   - reason: what went wrong, such as `database or disk is full`.
    ///   - isOfTheSystem: whether the system refused access; otherwise the contents are to blame.
    case failed(reason: String, isOfTheSystem: Bool)

    /// The reason, for logs.
    public var description: String {
        switch self {
        case .closed: "the store of events is closed"
        case .readOnly: "the store of events was opened for reading only"
        case .timedOut(let limit): "took longer than \(limit)"
        case .failed(let reason, _): reason
        }
    }
}
#endif
