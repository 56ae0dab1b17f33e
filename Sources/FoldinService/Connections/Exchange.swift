import HTTPTypes
import Hummingbird
import NIOConcurrencyHelpers
import NIOCore

/// One request from the side of its route: what the connection knows of it, and its body when that is wanted.
final class Exchange: Sendable {
    let channel: any Channel
    /// What the client expects (RFC 9110, section 10.1.1), in small letters.
    let expectations: [String]
    private let length: Int?
    /// The body, where all of it came with the head.
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

    /// The whole body, which a client that waits is told to send. Nothing of it is taken from the network before it is asked for, but
    /// what came with the head.
    ///
    /// - Throws: `Problem` when it is too large, too slow, breaks off, or when the service holds too many bytes.
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

    /// Has `body` called when the client closes the connection, or its sending side, before it has its reply; at once when it has.
    func watch(_ body: (@Sendable () -> Void)?) {
        channel.eventLoop.execute { self.connection.value.watch(self.number, body) }
    }
}

/// A reply before it is on its way.
struct Reply: Sendable {
    var head: HTTPResponse
    var body: ByteBuffer

    /// A response of the router, whole.
    init(_ response: Response) async throws {
        let collector = Collector()
        try await response.body.write(collector)
        head = response.head
        body = collector.bytes.withLockedValue(\.self)
    }

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
