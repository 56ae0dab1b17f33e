#if Service
import HTTPTypes
import NIOCore

/// The replies to `/health/live` and `/health/ready`. They cost nothing: checks that take time run in the background.
struct Readiness: Sendable {
    let draining: Draining
    let probe: StoreProbe?

    /// Why the service is not ready for requests; nil if it is.
    var problem: Problem? {
        if draining.hasBegun { return Problem.unavailable("found a service that is shutting down; expected another") }
        return probe?.fault.map { Problem.unavailable("found \($0); expected it to work later") }
    }

    /// The reply to a request for health, without the headers that all replies have; nil for other requests.
    func reply(to request: HTTPRequest, requestId: String) -> Reply? {
        guard request.method == .get || request.method == .head else { return nil }
        switch request.path {
        case "/health/live": return Readiness.reply("{\"status\":\"live\"}")
        case "/health/ready":
            guard let problem else { return Readiness.reply("{\"status\":\"ready\"}") }
            return Reply(head: problem.response(requestId: requestId).head, body: problem.document(requestId: requestId))
        default: return nil
        }
    }

    private static func reply(_ text: String) -> Reply {
        let body = ByteBuffer(string: text)
        let headers: HTTPFields = [.contentType: "application/json", .contentLength: "\(body.readableBytes)"]
        return Reply(head: HTTPResponse(status: .ok, headerFields: headers), body: body)
    }
}
#endif
