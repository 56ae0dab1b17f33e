#if Service
import Foundation
import Hummingbird
import NIOCore

/// The router, and what all routes have in common: the scope that they need, 405 for other methods, and reading the request.
final class Routes {
    typealias Handler = @Sendable (Query, ServiceContext) async throws -> Response

    static let methods: [HTTPRequest.Method] =
        [.get, .head, .post, .put, .patch, .delete, .options, .trace, .connect] + [HTTPRequest.Method("QUERY")].compactMap { $0 }

    private let router = Router(context: ServiceContext.self, options: .autoGenerateHeadEndpoints)
    private let limits: ServiceConfiguration.Limits
    private var allowed: [(path: String, methods: [HTTPRequest.Method])] = []

    init(_ middleware: RequestMiddleware) {
        limits = middleware.configuration.limits
        router.add(middleware: middleware)
    }

    /// Adds a route for callers with `scope`, or for everybody when nil, with its query parameters.
    func add(
        _ method: HTTPRequest.Method, _ path: String, scope: Scope?, parameters: [String] = [], _ handler: @escaping Handler
    ) {
        route(method, path, scope, parameters) { _, query, context in try await handler(query, context) }
    }

    private func route(
        _ method: HTTPRequest.Method, _ path: String, _ scope: Scope?, _ parameters: [String],
        _ handler: @escaping @Sendable (Request, Query, ServiceContext) async throws -> Response
    ) {
        router.on(RouterPath(path), method: method) { request, context in
            try Routes.check(request, is: path)
            if let scope {
                guard let given = context.scope else { throw Problem.keyNeeded }
                guard given >= scope else { throw Problem.scopeNeeded(scope) }
            }
            return try await handler(request, Query(request.uri.query ?? "", knowing: parameters), context)
        }
        let methods = method == .get ? [.get, .head] : [method]
        if let index = allowed.firstIndex(where: { $0.path == path }) {
            allowed[index].methods += methods
        } else {
            allowed.append((path, methods))
        }
    }

    /// Adds a route whose body is a JSON message.
    func add<Message: Decodable & Sendable>(
        _ method: HTTPRequest.Method, _ path: String, scope: Scope, body: Message.Type,
        _ handler: @escaping @Sendable (Message, ServiceContext) async throws -> Response
    ) {
        let limits = limits
        route(method, path, scope, []) { request, _, context in
            let media = request.headers[.contentType]?.lowercased() ?? ""
            guard media.prefix(while: { $0 != ";" }).trimmingCharacters(in: .whitespaces) == "application/json" else {
                throw Problem.jsonNeeded
            }
            return try await handler(JSON.decode(body, from: context.exchange.body(upTo: limits.bodyBytes)), context)
        }
    }

    /// The router with all routes.
    func finished() -> Router<ServiceContext> {
        for (path, methods) in allowed {
            for method in Routes.methods where !methods.contains(method) {
                router.on(RouterPath(path), method: method) { request, _ -> Response in
                    try Routes.check(request, is: path)
                    throw Problem.methodNotAllowed(methods)
                }
            }
        }
        return router
    }

    /// Refuses a path that the router takes as `path` although it has more slashes: a proxy in front of the service may have rules for `path` only.
    private static func check(_ request: Request, is path: String) throws {
        func slashes(_ text: String) -> Int { text.utf8.count { $0 == UInt8(ascii: "/") } }
        guard slashes(request.uri.path) != slashes(path) || !request.uri.path.hasPrefix("/") else { return }
        throw Problem.notFound("found a path with more slashes than one of /openapi.json has; expected that one")
    }

    /// The decoded part of the path with this name.
    static func captured(_ name: String, _ context: ServiceContext) throws -> String {
        guard let raw = context.parameters.get(name), let text = decoded(raw.utf8), !text.isEmpty else {
            throw Problem.malformed(found: "an id in the path that cannot be decoded", expected: "UTF-8, percent-encoded")
        }
        return text
    }

    /// Decodes percent-encoded UTF-8; nil if it is malformed. Unlike Foundation's decoding, it keeps a byte order mark, which an id may begin with.
    static func decoded(_ text: some Collection<UInt8>, plusIsBlank: Bool = false) -> String? {
        var bytes: [UInt8] = []
        var rest = text[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%") {
                guard let high = rest.popFirst().flatMap(digit), let low = rest.popFirst().flatMap(digit) else { return nil }
                bytes.append(high << 4 | low)
            } else {
                bytes.append(plusIsBlank && byte == UInt8(ascii: "+") ? UInt8(ascii: " ") : byte)
            }
        }
        return String(validating: bytes, as: UTF8.self)
    }

    /// The value of a hexadecimal digit.
    private static func digit(_ byte: UInt8) -> UInt8? {
        Character(UnicodeScalar(byte)).hexDigitValue.map(UInt8.init)
    }
}
#endif
