import FoldinMessages
import Foundation
import GRDB
import Logging

/// The events of a service as its routes use them: what fails becomes a problem, and SQLite's own complaints go to the log.
struct KeptEvents: Sendable {
    /// Nil when the service keeps none.
    let store: EventStore?
    /// See `ServiceConfiguration.likedAbove`.
    let likedAbove: Double?
    let limits: ServiceConfiguration.Limits
    let logger: Logger

    /// The store.
    ///
    /// - Throws: `Problem` when there is none.
    func required() throws -> EventStore {
        guard let store else { throw Problem.notFound("found a service that keeps no events; expected one with --events") }
        return store
    }

    /// What `body` makes of the store.
    ///
    /// - Throws: `Problem` when there is no store or it fails; the caller learns that it may try again.
    func use<Value: Sendable>(_ body: (EventStore) async throws -> Value) async throws -> Value {
        let store = try required()
        do { return try await body(store) } catch let problem as Problem {
            throw problem
        } catch is CancellationError {
            // The client is gone.
            throw CancellationError()
        } catch {
            logger.error(
                "events cannot be read or kept", metadata: ["reason": "\((error as? DatabaseError)?.reason ?? "\(error)")"])
            throw Problem.unavailable("found a failure of the database of events; expected it to work later")
        }
    }

    /// Keeps all events of a request or none.
    ///
    /// - Throws: `Problem` that names the first event that cannot be kept.
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

    /// What a user liked and what else the user rated; nothing when no events are kept, or none can be of such a user.
    func history(of user: String) async throws -> EventStore.History {
        let user = EventRules.trimmed(user)
        guard store != nil, EventRules.allow(user, length: limits.idLength) else { return EventStore.History() }
        return try await use {
            try await $0.history(of: user, count: limits.ids, events: limits.historyEvents, likedAbove: likedAbove)
        }
    }
}
