#if Service
import FoldinMessages
import Foundation

/// An ``EventStore`` in the memory of the process, for tests and for services whose events need not outlive them.
///
/// Appending an event costs a binary search in the user's events, and moving those that are later.
public actor InMemoryEventStore: EventStore {
    private struct Stored {
        let position: Int64
        let event: Event
        var time: Int { event.time ?? 0 }
    }

    /// Events of a page.
    private static let pageSize = 2_000

    private let options: EventStoreOptions
    /// The events of each user in ascending order of time.
    private var users: [String: [Stored]] = [:]
    /// All events in the order of arrival, among them some that were removed.
    private var arrivals: [Stored] = []
    /// The positions of the events that were not removed.
    private var positions: Set<Int64> = []
    private var last: Int64 = 0
    private var isClosed = false

    /// An empty store. Of `options` only the limit of events per user has an effect.
    public init(_ options: EventStoreOptions = EventStoreOptions()) { self.options = options }

    public func append(_ events: [Event]) throws {
        try requireOpen()
        add(events)
        for user in Set(events.map(\.user)) {
            let excess = (users[user]?.count ?? 0) - options.eventsPerUser
            guard excess > 0, var stored = users.removeValue(forKey: user) else { continue }
            // Taken out of the dictionary, the array is not copied.
            forget(Array(stored.prefix(excess))[...])
            stored.removeFirst(excess)
            users[user] = stored
        }
    }

    public func latestEvents(of user: String, limit: Int) throws -> [Event] {
        try requireOpen()
        return (users[user] ?? []).suffix(limit).reversed().map(\.event)
    }

    public func delete(user: String) throws -> DeletionReply {
        try requireOpen()
        let stored = users.removeValue(forKey: user) ?? []
        forget(stored[...])
        return DeletionReply(deleted: stored.count)
    }

    public func removeEvents(before time: Int) throws -> Int {
        try requireOpen()
        var removed = 0
        for (user, stored) in users {
            let old = stored.prefix { $0.time < time }
            guard !old.isEmpty else { continue }
            removed += old.count
            users[user] = old.count == stored.count ? nil : Array(stored.dropFirst(old.count))
            forget(old)
        }
        return removed
    }

    public func lastPosition() throws -> Int64 {
        try requireOpen()
        return last
    }

    public func page(after position: Int64, through last: Int64) throws -> EventPage {
        try requireOpen()
        let first = arrivals.partitioningIndex { $0.position > position }
        var page = EventPage(events: [], end: last)
        for stored in arrivals[first...] where positions.contains(stored.position) {
            if stored.position > last || page.events.count == InMemoryEventStore.pageSize { break }
            page.events.append(stored.event)
            page.end = stored.position
        }
        return page
    }

    public func merge(
        stoppingWhen shouldStop: @escaping @Sendable () -> Bool,
        _ source: @escaping @Sendable (_ add: (Event) throws -> Void) throws -> Void
    ) async throws -> EventImport.Outcome {
        try requireOpen()
        let incoming = try await blocking {
            var incoming: [Event] = []
            try source { incoming.append($0) }
            return incoming
        }
        try requireOpen()
        if shouldStop() { throw EventImport.Interrupted() }
        return mergeNow(incoming)
    }

    public func check() throws { try requireOpen() }

    public func close() {
        isClosed = true
        (users, arrivals, positions) = ([:], [], [])
    }

    /// An event without its user, as a key of a set.
    private struct Key: Hashable {
        let item: String
        let rating: Double?
        /// Nil for any time.
        let time: Int?

        init(_ event: Event, anyTime: Bool = false) {
            (item, rating, time) = (event.item, event.rating, anyTime ? nil : event.time)
        }
    }

    private func mergeNow(_ incoming: [Event]) -> EventImport.Outcome {
        var outcome = EventImport.Outcome()
        var known: [String: Set<Key>] = [:]
        var seen: [String: Set<Key>] = [:]
        var fresh: [Event] = []
        for event in incoming {
            guard seen[event.user, default: []].insert(Key(event)).inserted else {
                outcome.repeated += 1
                continue
            }
            let keys =
                known[event.user] ?? Set((users[event.user] ?? []).flatMap { [Key($0.event), Key($0.event, anyTime: true)] })
            known[event.user] = keys
            if keys.contains(Key(event)) { outcome.alreadyThere += 1 } else { fresh.append(event) }
        }
        add(fresh)
        outcome.events = fresh.count
        outcome.users = Set(fresh.map(\.user)).count
        return outcome
    }

    private func add(_ events: [Event]) {
        let now = Int(Date().timeIntervalSince1970)
        for event in events {
            last += 1
            let stored = Stored(
                position: last, event: Event(user: event.user, item: event.item, rating: event.rating, time: event.time ?? now))
            arrivals.append(stored)
            positions.insert(last)
            // Behind the events of the user that are not later.
            let place = (users[event.user] ?? []).partitioningIndex { $0.time > stored.time }
            users[event.user, default: []].insert(stored, at: place)
        }
    }

    /// Takes events out of the order of arrival; the memory is released when half of it is of removed events.
    private func forget(_ removed: ArraySlice<Stored>) {
        for stored in removed { positions.remove(stored.position) }
        if arrivals.count > 2 * positions.count { arrivals.removeAll { !positions.contains($0.position) } }
    }

    private func requireOpen() throws {
        if isClosed { throw EventStoreError.closed }
    }
}

extension Array {
    /// The first index whose element satisfies `isInSecondPart`, which all elements behind it do too; found by binary search.
    fileprivate func partitioningIndex(where isInSecondPart: (Element) -> Bool) -> Int {
        var (low, high) = (0, count)
        while low < high {
            let middle = (low + high) / 2
            if isInSecondPart(self[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
#endif
