#if Service
import Foundation
import HTTPTypes
import Hummingbird
import Logging
import Metrics
import NIOCore

/// The middleware that every request and reply passes: API keys, origins and rates; headers, problem documents, the log and the metrics.
struct RequestMiddleware: RouterMiddleware {
    typealias Context = ServiceContext

    let configuration: ServiceConfiguration
    let keys: ReloadedFile<KeyRing>?
    let rate: RateLimit?
    let metrics: PrometheusRegistry
    let logger: Logger

    func handle(
        _ request: Request, context: ServiceContext, next: (Request, ServiceContext) async throws -> Response
    ) async throws -> Response {
        let began = ContinuousClock.now
        var context = context
        if let id = RequestMiddleware.requestId(request.head) { context.requestId = id }
        let key = keys.flatMap { keys in RequestMiddleware.bearer(request).flatMap(keys.value.entry) }
        context.scope = keys == nil ? .admin : key?.scope
        if let rate {
            let client = RequestMiddleware.client(context, key: key?.name)
            context.charge = { cost in
                if let wait = rate.refusal(for: client, furtherCost: cost) { throw Problem.tooMany(after: wait) }
            }
        }
        var response: Response
        do {
            guard context.exchange.expectations.allSatisfy({ $0 == RequestHead.supportedExpectation }) else {
                throw Problem.expectationFailed
            }
            try admit(request, context, key: key?.name)
            response = try await next(request, context)
        } catch {
            response = problem(error, request, context).response(requestId: context.requestId)
        }
        RequestMiddleware.complete(&response.headers, requestId: context.requestId)
        record(request, context, key: key?.name, status: response.status, took: .now - began)
        return response
    }

    /// The id that the client sent in `X-Request-ID`, if it is valid.
    static func requestId(_ head: HTTPRequest) -> String? {
        head.headerFields[.requestId].flatMap { RequestMiddleware.isValidRequestID($0) ? $0 : nil }
    }

    /// Adds the headers that every reply has.
    static func complete(_ headers: inout HTTPFields, requestId: String) {
        headers[.requestId] = requestId
        headers[.xContentTypeOptions] = "nosniff"
        headers[.referrerPolicy] = "no-referrer"
        if headers[.contentSecurityPolicy] == nil {
            headers[.contentSecurityPolicy] = "default-src 'none'; frame-ancestors 'none'"
        }
        if headers[.cacheControl] == nil { headers[.cacheControl] = "no-store" }
        headers[.date] = HTTPDate.now
        headers[.server] = "foldin"
    }

    /// The reply to a request that does not reach the router. Refusals for lack of connections are not logged, as there may be many.
    func reply(_ problem: Problem) -> Reply {
        let requestId = RequestID().description
        if problem != .full { record(method: "other", route: "none", requestId: requestId, status: problem.status, took: .zero) }
        var head = problem.response(requestId: requestId).head
        RequestMiddleware.complete(&head.headerFields, requestId: requestId)
        return Reply(head: head, body: problem.document(requestId: requestId))
    }

    /// `reply`, which was made without the router, with all headers. Records the request.
    func completed(_ reply: Reply, to request: HTTPRequest, requestId: String, began: ContinuousClock.Instant) -> Reply {
        var reply = reply
        RequestMiddleware.complete(&reply.head.headerFields, requestId: requestId)
        record(
            method: request.method.rawValue, route: request.path ?? "none", requestId: requestId, status: reply.head.status,
            took: .now - began)
        return reply
    }

    /// - Throws: `Problem` when the request comes from another site, or the client exceeds its rate.
    private func admit(_ request: Request, _ context: ServiceContext, key: String?) throws {
        let path = request.uri.path
        guard !path.hasPrefix("/health/") else { return }
        if keys == nil, configuration.isLoopback, !isOwn(request) { throw Problem.foreignOrigin }
        if let rate, let wait = rate.refusal(for: RequestMiddleware.client(context, key: key)) {
            throw Problem.tooMany(after: wait)
        }
    }

    /// The client that the rate limit counts the request for: its key, or its address.
    private static func client(_ context: ServiceContext, key: String?) -> String {
        key.map { "key " + $0 } ?? context.channel.remoteAddress?.ipAddress ?? "local"
    }

    /// Whether the request was not made by a page of another site.
    ///
    /// Without keys, access to this machine is the only protection. A page of another site in a browser on this machine has it too, and is known
    /// by `Sec-Fetch-Site`; and so has a page whose name its owner resolves to 127.0.0.1, which is known by the host.
    private func isOwn(_ request: Request) -> Bool {
        if let site = request.headers[.secFetchSite], site != "same-origin", site != "none" { return false }
        guard let authority = request.head.authority else { return true }
        var host = authority.lowercased()[...]
        if let colon = host.lastIndex(of: ":"), host.last != "]" { host = host[..<colon] }
        return NetworkAddress.isLoopback(String(host)) || host == configuration.host.lowercased()
    }

    private func problem(_ error: any Error, _ request: Request, _ context: ServiceContext) -> Problem {
        if let problem = error as? Problem { return problem }
        if let error = error as? HTTPError {
            if error.status == .notFound {
                return .notFound("found no such path; expected one of those that /openapi.json lists")
            }
            return Problem(
                status: error.status, name: "refused", title: error.status.reasonPhrase,
                detail: error.body ?? error.status.reasonPhrase)
        }
        logger.error("request failed", metadata: ["request": "\(context.requestId)", "reason": "\(error)"])
        return .internalFailure
    }

    /// Records a request. The path and the body are not logged, because they name users and items; the route is.
    private func record(
        _ request: Request, _ context: ServiceContext, key: String?, status: HTTPResponse.Status, took: Duration
    ) {
        let method = Routes.methods.contains(request.method) ? request.method.rawValue : "other"
        record(
            method: method, route: context.endpointPath ?? "none", requestId: context.requestId, key: key, status: status,
            took: took)
    }

    /// Records a request in the metrics and the log.
    func record(
        method: String, route: String, requestId: String, key: String? = nil, status: HTTPResponse.Status, took: Duration
    ) {
        let nanoseconds = Int64(took / .nanoseconds(1))
        let dimensions = [("method", method), ("route", route), ("status", String(status.code))]
        Metrics.Timer(label: "foldin_request_seconds", dimensions: dimensions, factory: metrics).recordNanoseconds(nanoseconds)
        guard logger.logLevel <= .info else { return }
        var metadata: Logger.Metadata = [
            "request": "\(requestId)", "method": "\(method)", "route": "\(route)", "status": "\(status.code)",
            "ms": "\(Double(nanoseconds / 10_000) / 100)",
        ]
        if let key { metadata["key"] = "\(key)" }
        logger.info("request", metadata: metadata)
    }

    /// The API key of the request, if it has one.
    private static func bearer(_ request: Request) -> String? {
        guard let header = request.headers[.authorization], header.lowercased().hasPrefix("bearer ") else { return nil }
        return String(header.dropFirst(7).drop { $0 == " " })
    }

    /// Whether `id` has 1 to 64 letters and digits of ASCII, hyphens, underscores and points.
    private static func isValidRequestID(_ id: String) -> Bool {
        (1...64).contains(id.utf8.count)
            && id.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"),
                    UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."):
                    true
                default: false
                }
            }
    }
}

extension HTTPField.Name {
    private static func named(_ name: String) -> HTTPField.Name {
        guard let name = HTTPField.Name(name) else { preconditionFailure("\(name) is not a valid header name") }
        return name
    }

    static let requestId = named("X-Request-ID")
    static let referrerPolicy = named("Referrer-Policy")
    static let secFetchSite = named("Sec-Fetch-Site")
}
#endif
