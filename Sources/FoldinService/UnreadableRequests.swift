import Foundation
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import NIOHTTPTypes

/// Makes a problem document of the bare 400 with which Hummingbird answers what is not HTTP.
///
/// Such a request never reaches the router; its reply is told from others by the request id, which every reply of the router has.
final class UnreadableRequests: ChannelOutboundHandler, RemovableChannelHandler {
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    private let logger: Logger

    init(logger: Logger) { self.logger = logger }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard case .head(let head) = unwrapOutboundIn(data), head.status == .badRequest, head.headerFields[.requestId] == nil
        else {
            return context.write(data, promise: promise)
        }
        let requestId = UUID().uuidString.lowercased().filter { $0 != "-" }
        let problem = Problem.malformed(found: "bytes that are no request", expected: "HTTP/1.1")
        var response = problem.response(requestId: requestId)
        let body = problem.document(requestId: requestId)
        response.headers[.requestId] = requestId
        response.headers[.xContentTypeOptions] = "nosniff"
        response.headers[.connection] = "close"
        response.headers[.contentLength] = String(body.readableBytes)
        context.write(wrapOutboundOut(.head(HTTPResponse(status: head.status, headerFields: response.headers))), promise: nil)
        context.write(wrapOutboundOut(.body(body)), promise: promise)
        logger.info(
            "request", metadata: ["request": "\(requestId)", "method": "other", "route": "none", "status": "\(head.status.code)"])
    }
}
