import FoldinMessages
import Foundation
import Hummingbird
import Logging

extension Routes {
    /// People with a stored history. Without a store the routes are there and say so.
    func addUsers(_ answers: Answers, _ events: EventStore?, logger: Logger) {
        let limits = answers.limits
        @Sendable func store() throws -> EventStore {
            guard let events else { throw Problem.notFound("found a service that keeps no events; expected one with --events") }
            return events
        }
        /// SQLite's own complaints go to the log; the caller learns that it may try again.
        @Sendable func kept<Value: Sendable>(_ body: () async throws -> Value) async throws -> Value {
            do { return try await body() } catch {
                logger.error("events cannot be read or kept", metadata: ["reason": "\(error)"])
                throw Problem.unavailable("found a failure of the database of events; expected it to work later")
            }
        }
        add(.post, "/v1/events", scope: .write, body: EventsRequest.self) { request, _ in
            let store = try store()
            guard (1...limits.events).contains(request.events.count) else {
                throw Problem.invalid(found: "\(request.events.count) events", expected: "1 to \(limits.events)")
            }
            for (place, event) in request.events.enumerated() {
                try Routes.check(event.user, limits, "the user of event \(place)")
                try Routes.check(event.item, limits, "the item of event \(place)")
                if let rating = event.rating, !(-1e9...1e9).contains(rating) {
                    throw Problem.invalid(found: "the rating of event \(place)", expected: "-1e9 to 1e9")
                }
                if let time = event.time, !(0...253_402_300_799).contains(time) {
                    throw Problem.invalid(
                        found: "the time of event \(place)", expected: "seconds since 1970, before the year 10000")
                }
            }
            try await kept { try await store.append(request.events) }
            return JSON.response(EventsReply(stored: request.events.count), status: .created)
        }
        add(.get, "/v1/users/{id}/recommendations", scope: .read) { request, context in
            let store = try store()
            let user = try Routes.captured("id", context)
            try Routes.check(user, limits, "the user")
            let top = try Routes.number("top", request, default: 10, in: 1...limits.top)
            let offset = try Routes.number("offset", request, default: 0, in: 0...limits.offset)
            let history = try await kept { try await store.history(of: user, count: limits.ids) }
            return Routes.reply(
                try await answers.recommend(RecommendationRequest(history: history, top: top, offset: offset, user: user)))
        }
        add(.delete, "/v1/users/{id}", scope: .write) { _, context in
            let store = try store()
            let user = try Routes.captured("id", context)
            try Routes.check(user, limits, "the user")
            return JSON.response(DeletionReply(deleted: try await kept { try await store.delete(user: user) }))
        }
    }

    private static func check(_ id: String, _ limits: ServiceConfiguration.Limits, _ what: String) throws {
        guard (1...limits.idLength).contains(id.unicodeScalars.count),
            id.unicodeScalars.allSatisfy({ $0.properties.generalCategory != .control })
        else {
            throw Problem.invalid(found: what, expected: "1 to \(limits.idLength) characters, none of them a control character")
        }
    }
}
