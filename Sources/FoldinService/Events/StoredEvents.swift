#if Service
import FoldinMessages
import Logging

/// The events of a service as its routes use them: an error of the store becomes a problem, and its reason goes to the log.
struct StoredEvents: Sendable {
    /// Nil when the service stores no events.
    let store: (any EventStore)?
    /// See `ServiceConfiguration.likedAbove`.
    let likedAbove: Double?
    let limits: ServiceConfiguration.Limits
    let logger: Logger

    /// The store.
    ///
    /// - Throws: `Problem` when there is none.
    func required() throws -> any EventStore {
        guard let store else { throw Problem.notFound("found a service that stores no events; expected one that does") }
        return store
    }

    /// What `body` returns for the store.
    ///
    /// - Throws: `Problem` when there is no store or it fails; the problem says that the request may be repeated later.
    func use<Value: Sendable>(_ body: (any EventStore) async throws -> Value) async throws -> Value {
        let store = try required()
        do { return try await body(store) } catch let problem as Problem {
            throw problem
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            logger.error("events cannot be read or stored", metadata: ["reason": "\(error)"])
            throw Problem.unavailable("found a failure of the database of events; expected it to work later")
        }
    }

    /// Stores all events of a request or none.
    ///
    /// - Throws: `Problem` that names the first invalid event.
    func keep(_ request: EventsRequest) async throws -> EventsReply {
        try await use { store in
            guard (1...limits.events).contains(request.events.count) else {
                throw Problem.invalid(found: "\(request.events.count) events", expected: "1 to \(limits.events)")
            }
            let trimmed = request.events.map(EventRules.trimmed)
            for (place, event) in trimmed.enumerated() {
                guard let fault = EventRules.fault(in: event, idLength: limits.idLength) else { continue }
                throw Problem.invalid(found: "\(fault.found) of event \(place)", expected: fault.expected)
            }
            try await store.append(trimmed)
            return EventsReply(stored: request.events.count)
        }
    }

    /// What a user liked and what else the user rated; empty when no events are stored, or the id is not valid.
    func history(of user: String) async throws -> EventHistory {
        let user = EventRules.trimmed(user)
        guard store != nil, EventRules.allow(user, length: limits.idLength) else { return EventHistory() }
        return try await use {
            EventHistory(
                try await $0.latestEvents(of: user, limit: limits.historyEvents), count: limits.ids, likedAbove: likedAbove)
        }
    }

    /// Removes all events of a user.
    ///
    /// - Parameter user: called with a store at hand; what it throws is thrown on.
    func delete(user: () throws -> String) async throws -> DeletionReply {
        try await use { try await $0.delete(user: try user()) }
    }
}
#endif
