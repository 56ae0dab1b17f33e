#if Service
import HTTPTypes
import Hummingbird
import NIOConcurrencyHelpers
import NIOCore

/// One request as its route sees it: what the connection knows of it, and its body on demand.
final class Exchange: Sendable {
    let channel: any Channel
    /// What the client expects (RFC 9110, section 10.1.1), in lower case.
    let expectations: [String]
    private let length: Int?
    /// The body, if all of it arrived with the head.
    private let early: ByteBuffer?
    private let number: Int
    private let connection: NIOLoopBound<Connection>

    init(_ head: RequestHead, early: ByteBuffer?, number: Int, channel: any Channel, connection: NIOLoopBound<Connection>) {
        expectations = head.expectations
        length = head.bodyLength
        self.early = early
        self.number = number
        self.channel = channel
        self.connection = connection
    }

    /// Reads the whole body. A client that expects `100 Continue` gets it now. Before this is called, nothing of the body is read from the
    /// network but what arrived with the head.
    ///
    /// - Throws: `Problem` when the body is too large, too slow or incomplete, or when the service buffers too many bytes.
    func body(upTo limit: Int) async throws -> ByteBuffer {
        if let length, length > limit { throw Problem.tooLarge(limit: limit) }
        if let early {
            guard early.readableBytes <= limit else { throw Problem.tooLarge(limit: limit) }
            return early
        }
        return try await withCheckedThrowingContinuation { continuation in
            channel.eventLoop.execute { self.connection.value.read(self.number, upTo: limit, continuation) }
        }
    }

    /// Calls `body` when the client closes the connection, or its sending side, before it has its reply; at once if it has closed it already.
    func onDisconnect(_ body: (@Sendable () -> Void)?) {
        channel.eventLoop.execute { self.connection.value.onDisconnect(self.number, body) }
    }
}

/// A reply that has not been sent.
struct Reply: Sendable {
    var head: HTTPResponse
    var body: ByteBuffer

    /// A response of the router with its whole body.
    init(_ response: Response) async throws {
        let collector = Collector()
        try await response.body.write(collector)
        head = response.head
        body = collector.bytes.withLockedValue(\.self)
    }

    /// A reply of these parts.
    init(head: HTTPResponse, body: ByteBuffer) { (self.head, self.body) = (head, body) }

    private struct Collector: ResponseBodyWriter {
        let bytes = NIOLockedValueBox(ByteBuffer())

        func write(_ buffer: ByteBuffer) async throws {
            bytes.withLockedValue { bytes in
                if bytes.readableBytes == 0 { bytes = buffer } else { bytes.writeImmutableBuffer(buffer) }
            }
        }

        func finish(_ trailingHeaders: HTTPFields?) async throws {}
    }
}
#endif
