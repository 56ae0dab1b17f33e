#if Service
import NIOCore
import NIOHTTP1

/// One connection, from its first byte to its end: the last handler of its channel, used on its event loop only.
///
/// Requests are answered one at a time. Bytes are read only when they are needed: the body when a route reads it, and the next request when
/// the reply before it has been sent. Every wait for the client has a time limit.
final class Connection: ChannelDuplexHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = Never
    typealias OutboundIn = Never
    typealias OutboundOut = HTTPServerResponsePart

    /// A connection for other threads.
    struct Handle: Sendable {
        let connection: NIOLoopBound<Connection>
        let loop: any EventLoop

        /// Runs `body` on the event loop of the connection.
        func run(_ body: @escaping @Sendable (Connection) -> Void) { loop.execute { body(connection.value) } }
    }

    enum State {
        /// There is no request yet, or only a part of its head.
        case idle
        /// There is a request without a reply.
        case answering
        /// The reply is being sent.
        case replying
        /// The sending side is closed. Bytes that arrive are discarded.
        case closing
        case closed
    }

    /// The request that is being answered.
    struct Incoming {
        let number: Int
        /// Nil for bytes that are not a request.
        let head: RequestHead?
        var body = ByteBuffer()
        /// Bytes of the budget that it holds.
        var held = 0
        /// Whether all of the body has arrived.
        var isComplete = false
        /// Why the body will not arrive.
        var failure: Problem?
        var isDispatched = false
        /// Called when the client disconnects.
        var onDisconnect: (@Sendable () -> Void)?
        /// The route that waits for the body.
        var reader: (limit: Int, continuation: CheckedContinuation<ByteBuffer, any Error>)?
    }

    /// Bytes that are discarded after the last reply before the connection is closed.
    static let discardLimit = 1 << 18

    /// Requests that arrived together and are answered before other connections have their turn.
    static let requestsPerTurn = 8

    let setting: ConnectionSetting
    var context: ChannelHandlerContext?
    var ticket: Connections.Ticket?
    var state = State.idle
    var incoming: Incoming?
    var number = 0
    /// What arrived after the request that is being answered, and its bytes of the budget.
    var waiting = CircularBuffer<(part: HTTPServerRequestPart, cost: Int)>()
    /// Bytes of the budget that the reply holds.
    var replyBytes = 0
    /// Whether a task of the router is working on the request.
    var isRunning = false
    var closesAfterReply = false
    /// Whether bytes that arrive now are not answered.
    var isCut = false
    /// Whether bytes arrived that are not HTTP.
    var isUnreadable = false
    var inputEnded = false
    var isDraining = false
    var isEvicted = false
    var discarded = 0

    var isReading = false
    var isProcessing = false
    var isInQueue = false
    /// Requests that were begun in this turn.
    var begun = 0
    var pendingRead = false
    var deadline = NIODeadline.distantFuture
    var timer: (task: Scheduled<Void>, at: NIODeadline)?

    init(_ setting: ConnectionSetting) { self.setting = setting }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    func channelActive(context: ChannelHandlerContext) {
        let loop = context.eventLoop
        let ticket = setting.connections.open(
            Handle(connection: NIOLoopBound(self, eventLoop: loop), loop: loop),
            client: context.channel.remoteAddress.flatMap { NetworkAddress($0) })
        self.ticket = ticket
        isDraining = ticket.isTooLate
        setDeadline(ticket.isForHealthOnly ? .seconds(5) : setting.limits.idleTime)
        if ticket.isTooLate { hangUp() }
    }

    func channelInactive(context: ChannelHandlerContext) {
        state = .closed
        timer?.task.cancel()
        timer = nil
        dropWaiting()
        fail(Problem.incompleteBody)
        notifyDisconnect()
        if !isRunning { end() }
    }

    /// Releases all that the connection holds.
    func end() {
        release(incoming?.held ?? 0)
        release(replyBytes)
        (incoming, replyBytes) = (nil, 0)
        if let ticket { setting.connections.close(ticket) }
        ticket = nil
    }

    // MARK: Channel events

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        isReading = true
        let part = unwrapInboundIn(data)
        if state == .closed { return }
        let cost = cost(of: part)
        if state == .closing {
            discarded += max(cost, 64)
            if discarded > Connection.discardLimit { hangUp() }
            return
        }
        if isCut { return }
        guard take(cost) else { return overload() }
        waiting.append((part, cost))
        process()
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        isReading = false
        if !isInQueue { begun = 0 }
        dispatch()
    }

    func read(context: ChannelHandlerContext) {
        if needsBytes { context.read() } else { pendingRead = true }
    }

    /// Whether the connection can go on only when more bytes arrive.
    var needsBytes: Bool {
        switch state {
        case .idle: waiting.isEmpty
        case .answering: incoming.map { !$0.isComplete && (!$0.isDispatched || $0.reader != nil) } ?? false
        case .replying: false
        case .closing, .closed: true
        }
    }

    func resumeReading() {
        guard pendingRead, needsBytes else { return }
        pendingRead = false
        context?.read()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard error is HTTPParserError else { return hangUp() }
        isUnreadable = true
        process()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard case .inputClosed? = event as? ChannelEvent else { return context.fireUserInboundEventTriggered(event) }
        inputEnded = true
        switch state {
        case .closing: hangUp()
        case .idle: process()
        case .answering:
            process()
            notifyDisconnect()
        case .replying, .closed: break
        }
    }
}
#endif
