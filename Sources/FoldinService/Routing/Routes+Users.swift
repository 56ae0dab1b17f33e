#if Service
import FoldinMessages
import Foundation
import Hummingbird

extension Routes {
    /// Adds the routes for users with stored events. Without a store of events they reply that there is none.
    func addUsers(_ answers: Answers) {
        let (limits, events) = (answers.limits, answers.events)
        add(.post, "/v1/events", scope: .write, body: EventsRequest.self) { request, _ in
            try JSON.response(try await events.keep(request), status: .created)
        }
        add(.get, "/v1/users/{id}/recommendations", scope: .read, parameters: ["top", "offset", "exclude", "allow"]) {
            parameters, context in
            _ = try events.required()
            let user = try Routes.user(context, limits)
            return Routes.reply(
                try await answers.recommend(
                    RecommendationRequest(
                        top: try parameters.number("top", default: 10, in: 1...limits.top),
                        offset: try parameters.number("offset", default: 0, in: 0...limits.offset),
                        exclude: try parameters.ids("exclude", isKnown: answers.arms.know),
                        allow: try parameters.ids("allow", isKnown: answers.arms.know), user: user)))
        }
        add(.delete, "/v1/users/{id}", scope: .write) { _, context in
            try JSON.response(try await events.delete { try Routes.user(context, limits) })
        }
    }

    /// The user in the path.
    private static func user(_ context: ServiceContext, _ limits: ServiceConfiguration.Limits) throws -> String {
        let user = EventRules.trimmed(try Routes.captured("id", context))
        guard EventRules.allow(user, length: limits.idLength) else {
            throw Problem.invalid(found: "the user", expected: EventRules.idRule(length: limits.idLength))
        }
        return user
    }
}
#endif
