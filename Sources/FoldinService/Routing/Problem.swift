#if Service
import FoldinInteractions
import FoldinMessages
import Foundation
import Hummingbird

/// An error that becomes a problem document of RFC 9457.
struct Problem: Error, Equatable {
    let status: HTTPResponse.Status
    /// The last part of the document's `type`.
    let name: String
    let title: String
    let detail: String
    var headers: HTTPFields = [:]

    static func malformed(found: String, expected: String) -> Problem {
        Problem(
            status: .badRequest, name: "malformed-request", title: "The request cannot be read",
            detail: "found \(found); expected \(expected)")
    }

    static func invalid(found: String, expected: String) -> Problem {
        Problem(
            status: .unprocessableContent, name: "invalid-request", title: "The request cannot be fulfilled",
            detail: "found \(found); expected \(expected)")
    }

    static func notFound(_ detail: String) -> Problem {
        Problem(status: .notFound, name: "not-found", title: "Not found", detail: detail)
    }

    static let keyNeeded = Problem(
        status: .unauthorized, name: "key-needed", title: "An API key is needed",
        detail: "found no key that is known; expected the header \"Authorization: Bearer KEY\"",
        headers: [.wwwAuthenticate: "Bearer realm=\"foldin\""])

    static func scopeNeeded(_ scope: Scope) -> Problem {
        Problem(
            status: .forbidden, name: "scope-needed", title: "The API key does not allow this",
            detail: "found a key without the scope \(scope.rawValue); expected one with that scope")
    }

    static let foreignOrigin = Problem(
        status: .forbidden, name: "foreign-origin", title: "Requests of other sites are refused",
        detail:
            "found a request by a page of another site, or for a host that is not this machine; expected one by a page of this service"
    )

    static func methodNotAllowed(_ allowed: [HTTPRequest.Method]) -> Problem {
        let methods = allowed.map(\.rawValue).sorted().joined(separator: ", ")
        return Problem(
            status: .methodNotAllowed, name: "method-not-allowed", title: "The path has no such method",
            detail: "found another method; expected \(methods)", headers: [.allow: methods])
    }

    static let expectationFailed = Problem(
        status: .expectationFailed, name: "expectation-failed", title: "The expectation cannot be met",
        detail: "found another value of the header Expect; expected 100-continue or no such header")

    static func tooLarge(limit: Int) -> Problem {
        Problem(
            status: .contentTooLarge, name: "body-too-large", title: "The body is too large",
            detail: "found more bytes than the limit; expected at most \(limit)")
    }

    static let jsonNeeded = Problem(
        status: .unsupportedMediaType, name: "json-needed", title: "The body must be JSON",
        detail: "found another or no Content-Type; expected application/json")

    static let incompleteBody = malformed(found: "an incomplete body", expected: "a complete one")

    static let overloaded = Problem(
        status: .serviceUnavailable, name: "busy", title: "The service is busy",
        detail:
            "found that other requests and replies take all bytes of the buffers; expected the request again later",
        headers: [.retryAfter: "1"])

    static let full = Problem(
        status: .serviceUnavailable, name: "busy", title: "The service is busy",
        detail: "found the limit of connections reached, in total or of one address; expected a new connection later",
        headers: [.retryAfter: "1"])

    static let slow = Problem(
        status: .requestTimeout, name: "too-slow", title: "The body took too long",
        detail: "found a body that was not complete in time; expected it within seconds")

    static func tooMany(after seconds: Int) -> Problem {
        Problem(
            status: .tooManyRequests, name: "too-many-requests", title: "Too many requests",
            detail: "found more requests than this client may make; expected fewer, the next in \(seconds) s",
            headers: [.retryAfter: String(seconds)])
    }

    static let busy = Problem(
        status: .serviceUnavailable, name: "busy", title: "The service is busy",
        detail: "found a full queue; expected the request again in a second", headers: [.retryAfter: "1"])

    static func unavailable(_ detail: String) -> Problem {
        Problem(
            status: .serviceUnavailable, name: "unavailable", title: "This cannot be served now", detail: detail,
            headers: [.retryAfter: "5"])
    }

    /// Scores that are NaN or infinite, which the check at load should have prevented.
    static func notFinite(_ model: ModelTag) -> Problem {
        Problem(
            status: .internalServerError, name: "model-failed", title: "The model failed",
            detail: "found a score of the model \(model.arm) \(model.version) that is NaN or infinite; expected finite scores")
    }

    /// The model has no similarity of items.
    static func notComparable(_ summary: String) -> Problem {
        Problem(
            status: .unprocessableContent, name: "not-comparable", title: "The model does not compare items",
            detail: "found a model without similarities of items: \(summary); expected one that compares items")
    }

    /// The client disconnected before its request was answered. Only the log and the metrics show this problem.
    static let abandoned = Problem(
        status: HTTPResponse.Status(code: 499, reasonPhrase: "Client Closed Request"), name: "abandoned",
        title: "The client disconnected", detail: "found a connection that the client closed; expected it to wait for the reply")

    static let internalFailure = Problem(
        status: .internalServerError, name: "internal", title: "The service failed",
        detail: "found an unexpected error, which the log has under the id of this request; expected none")

    /// A text of the request for a detail: shortened, without control characters.
    static func printable(_ text: String) -> String { Reading.printable(text) }

    /// The same problem for a part of the request.
    func at(_ place: String) -> Problem {
        Problem(status: status, name: name, title: title, detail: "\(place): \(detail)", headers: headers)
    }

    /// The document. `requestId` is the id that the log has.
    func document(requestId: String) -> ByteBuffer {
        var bytes: [UInt8] = []
        for (name, text) in [("{\"detail\":", detail), (",\"request_id\":", requestId)] {
            bytes.append(contentsOf: name.utf8)
            JSON.append(text, to: &bytes)
        }
        bytes.append(contentsOf: ",\"status\":\(status.code),\"title\":".utf8)
        JSON.append(title, to: &bytes)
        bytes.append(contentsOf: ",\"type\":".utf8)
        JSON.append("urn:foldin:problem:" + name, to: &bytes)
        bytes.append(UInt8(ascii: "}"))
        return ByteBuffer(bytes: bytes)
    }

    /// The document as a response.
    func response(requestId: String) -> Response {
        let body = ResponseBody(byteBuffer: document(requestId: requestId))
        var response = Response(status: status, headers: headers, body: body)
        response.headers[.contentType] = "application/problem+json"
        return response
    }
}
#endif
