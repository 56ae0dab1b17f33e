import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import NIOHTTPTypes
import Synchronization

/// What a client expects that waits with its body until it is told to go on (RFC 9110, section 10.1.1).
///
/// Exactly one answer follows: `100 Continue` as soon as the body is wanted, which is after everything that can be refused without it, or
/// the final one.
final class Expectation: Sendable {
    private let isMet = Atomic<Bool>(false)

    /// What a request expects; nil when it does not wait, or has no body to wait with.
    ///
    /// - Throws: `Problem` for any expectation other than `100-continue`.
    init?(_ request: Request) throws {
        let members = request.headers[values: .expect].flatMap { $0.split(separator: ",") }
            .map { $0.trimmingCharacters(in: .whitespaces).lowercased() }.filter { !$0.isEmpty }
        guard members.allSatisfy({ $0 == "100-continue" }) else { throw Problem.expectationFailed }
        guard !members.isEmpty, Expectation.hasBody(request) else { return nil }
    }

    /// Whether a request announces a body.
    static func hasBody(_ request: Request) -> Bool {
        request.headers[.transferEncoding] != nil || request.headers[.contentLength].flatMap { Int($0) } ?? 0 > 0
    }

    /// Whether the client was told to go on.
    var wasMet: Bool { isMet.load(ordering: .relaxed) }

    /// Tells the client to send its body.
    func meet(_ channel: any Channel) {
        guard !isMet.exchange(true, ordering: .relaxed) else { return }
        // The reply to the request before this one is written already: requests of a connection are answered in turn.
        channel.writeAndFlush(HTTPResponsePart.head(HTTPResponse(status: .continue)), promise: nil)
    }
}
