#if Service
import FoldinMessages
import Hummingbird
import NIOCore

extension Routes {
    /// Adds the routes for recommendations, items and explanations.
    func addRecommending(_ answers: Answers) {
        add(.post, "/v1/recommendations", scope: .read, body: RecommendationRequest.self) { request, _ in
            try await Routes.reply(answers.recommend(request))
        }
        add(.post, "/v1/recommendations:batch", scope: .read, body: BatchRequest.self) { request, context in
            try context.charge(request.requests.count - 1)
            return try await context.cancellingOnDisconnect { JSON.response(bytes: try await answers.batch(request.requests)) }
        }
        add(.get, "/v1/items", scope: .read, parameters: ["query", "top"]) { parameters, _ in
            guard let query = try parameters.text("query"), query.unicodeScalars.count <= 200 else {
                throw Problem.malformed(found: "no \"query\", or one that is too long", expected: "at most 200 characters")
            }
            let count = try parameters.number("top", default: 10, in: 1...100)
            return try JSON.response(try await answers.items(matching: query, count: count))
        }
        add(.get, "/v1/items/{id}/similar", scope: .read, parameters: ["top"]) { parameters, context in
            let count = try parameters.number("top", default: 10, in: 1...answers.limits.top)
            return JSON.response(bytes: try await answers.similar(to: Routes.captured("id", context), count: count))
        }
        add(.post, "/v1/explanations", scope: .read, body: ExplanationRequest.self) { request, context in
            try context.charge(Answers.weight(of: request) - 1)
            return try await context.cancellingOnDisconnect { JSON.response(bytes: try await answers.explain(request)) }
        }
    }

    static func reply(_ recommended: Answers.Recommended) -> Response {
        var bytes: [UInt8] = []
        recommended.append(to: &bytes)
        return JSON.response(bytes: bytes)
    }
}
#endif
