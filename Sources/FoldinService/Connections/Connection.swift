import HTTPTypes
import Hummingbird
import NIOCore
import NIOHTTP1

/// What all connections of a service share.
struct ConnectionSetting: Sendable {
    let connections: Connections
    let budget: Budget
    let turnstiles = Turnstile.Row()
    let limits: ServiceConfiguration.Limits
    let isSecure: Bool
    /// Answers a request by the router.
    let respond: @Sendable (Request, Exchange) async -> Reply
    /// Answers a request for `/health/` without it; nil for any other.
    let health: @Sendable (HTTPRequest) -> Reply?
    /// Refuses what never comes to the router.
    let refuse: @Sendable (Problem) -> Reply
}

/// One connection, from its first byte to its end: the last handler of its channel, on its loop of events alone.
///
/// Requests are answered one at a time. Nothing is read that nobody wants: not the body before a route asks for it, and not the next
/// request before the reply to the one before is with the client. Each wait for the client has an end.
final class Connection: ChannelDuplexHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = Never
    typealias OutboundIn = Never
    typealias OutboundOut = HTTPServerResponsePart

    /// A connection for other threads.
    struct Handle: Sendable {
        fileprivate let connection: NIOLoopBound<Connection>
        fileprivate let loop: any EventLoop

        func tell(_ body: @escaping @Sendable (Connection) -> Void) { loop.execute { body(connection.value) } }
    }

    private enum State {
        /// There is no request, or its head is on its way.
        case idle
        /// A request is there and has no reply yet.
        case answering
        /// The reply is on its way to the client.
        case replying
        /// The sending side is closed; what still comes is passed over.
        case closing
        case closed
    }

    /// The request that is answered.
    private struct Incoming {
        let number: Int
        /// Nil for what is no request.
        let head: RequestHead?
        var body = ByteBuffer()
        /// Bytes of the budget.
        var held = 0
        /// Whether all of the body has come.
        var isWhole = false
        /// Why the body never will.
        var failure: Problem?
        var isDispatched = false
        /// What is to be cancelled when the client leaves.
        var onLeaving: (@Sendable () -> Void)?
        /// The route that waits for the body.
        var reader: (limit: Int, continuation: CheckedContinuation<ByteBuffer, any Error>)?
    }

    /// Bytes that are passed over behind a reply before the connection is closed.
    private static let passedOver = 1 << 18

    /// Requests that came together and are answered before other connections have their turn.
    private static let requestsPerTurn = 8

    private let setting: ConnectionSetting
    private var context: ChannelHandlerContext?
    private var ticket: Connections.Ticket?
    private var state = State.idle
    private var incoming: Incoming?
    private var number = 0
    /// What came behind the request that is answered, and its bytes of the budget.
    private var waiting = CircularBuffer<(part: HTTPServerRequestPart, cost: Int)>()
    /// Bytes of the budget for the reply.
    private var replyBytes = 0
    /// Whether a task of the router is at work.
    private var isRunning = false
    private var closesAfterReply = false
    /// Whether nothing that comes now is answered any more.
    private var isCut = false
    private var isUnreadable = false
    private var inputEnded = false
    private var isDraining = false
    private var isGivingWay = false
    private var discarded = 0

    private var isReading = false
    private var isProcessing = false
    private var isGoingOn = false
    /// Requests of this turn.
    private var begun = 0
    private var pendingRead = false
    private var deadline = NIODeadline.distantFuture
    private var timer: (task: Scheduled<Void>, at: NIODeadline)?

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
        wait(ticket.isForHealthAlone ? .seconds(5) : setting.limits.idleTime)
        if ticket.isTooLate { hangUp() }
    }

    func channelInactive(context: ChannelHandlerContext) {
        state = .closed
        timer?.task.cancel()
        timer = nil
        dropWaiting()
        fail(Problem.brokenOff)
        leave()
        if !isRunning { end() }
    }

    /// Gives back all that is held.
    private func end() {
        give(incoming?.held ?? 0)
        give(replyBytes)
        (incoming, replyBytes) = (nil, 0)
        if let ticket { setting.connections.close(ticket) }
        ticket = nil
    }

    // MARK: What comes in

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        isReading = true
        let part = unwrapInboundIn(data)
        if state == .closed { return }
        let cost = cost(of: part)
        if state == .closing {
            discarded += max(cost, 64)
            if discarded > Connection.passedOver { hangUp() }
            return
        }
        if isCut { return }
        guard take(cost) else { return overload() }
        waiting.append((part, cost))
        process()
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        isReading = false
        if !isGoingOn { begun = 0 }
        dispatch()
    }

    func read(context: ChannelHandlerContext) {
        if wantsBytes { context.read() } else { pendingRead = true }
    }

    private var wantsBytes: Bool {
        switch state {
        case .idle: waiting.isEmpty
        case .answering: incoming.map { !$0.isWhole && (!$0.isDispatched || $0.reader != nil) } ?? false
        case .replying: false
        case .closing, .closed: true
        }
    }

    private func resumeReading() {
        guard pendingRead, wantsBytes else { return }
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
            leave()
        case .replying, .closed: break
        }
    }

    /// What a part counts in the budget. The head of a request that is answered at once counts nothing.
    private func cost(of part: HTTPServerRequestPart) -> Int {
        switch part {
        case .head(let head):
            state == .idle && waiting.isEmpty
                ? 0 : head.headers.reduce(1_024 + head.uri.utf8.count) { $0 + $1.name.utf8.count + $1.value.utf8.count }
        case .body(let bytes): bytes.readableBytes
        case .end: 0
        }
    }

    private func take(_ count: Int) -> Bool {
        guard count > 0, let ticket else { return true }
        return setting.budget.take(count, for: ticket.share)
    }

    private func give(_ count: Int) {
        guard count > 0, let ticket else { return }
        setting.budget.give(count, of: ticket.share)
    }

    private func dropWaiting() {
        give(waiting.reduce(0) { $0 + $1.cost })
        waiting.removeAll()
    }

    /// The service holds too many bytes for more of this connection's.
    private func overload() {
        isCut = true
        dropWaiting()
        if let incoming, !incoming.isWhole { fail(Problem.overloaded) }
    }

    /// No more of the body comes.
    private func fail(_ problem: Problem) {
        guard incoming != nil, incoming?.isWhole == false else { return }
        incoming?.failure = problem
        deadline = .distantFuture
        incoming?.reader.take()?.continuation.resume(throwing: problem)
        dispatch()
    }

    /// Goes on with what waits, as far as it can.
    private func process() {
        guard !isProcessing else { return }
        isProcessing = true
        defer { isProcessing = false }
        while let (part, cost) = waiting.first {
            if case .head(let head) = part {
                guard state == .idle else { return }
                // Others of this loop have their turn between the many requests of one client.
                guard begun < Connection.requestsPerTurn else { return goOnLater() }
                begun += 1
                waiting.removeFirst()
                give(cost)
                begin(head)
                continue
            }
            waiting.removeFirst()
            guard state == .answering, incoming?.isWhole == false, incoming?.failure == nil else {
                give(cost)
                continue
            }
            if case .body(let bytes) = part { takeBody(bytes) } else { finishBody() }
        }
        if state == .answering, inputEnded || isUnreadable { fail(Problem.brokenOff) }
        if !isReading { dispatch() }
        if state == .idle { rest() }
    }

    private func goOnLater() {
        guard !isGoingOn, let context else { return }
        isGoingOn = true
        setting.turnstiles.turnstile(of: context.eventLoop).wait {
            self.isGoingOn = false
            self.begun = 0
            self.process()
        }
    }

    /// Nothing waits for an answer.
    private func rest() {
        if isUnreadable {
            refuse(Problem.malformed(found: "bytes that are no request", expected: "HTTP/1.1"))
        } else if inputEnded || isDraining || isCut {
            hangUp()
        } else {
            resumeReading()
        }
    }

    private func begin(_ head: HTTPRequestHead) {
        let parsed: RequestHead
        do { parsed = try RequestHead(head) } catch { return refuse(error) }
        if ticket?.isForHealthAlone == true, !parsed.request.isForHealth { return refuse(Problem.full) }
        number += 1
        incoming = Incoming(number: number, head: parsed)
        state = .answering
        deadline = .distantFuture
    }

    private func takeBody(_ bytes: ByteBuffer) {
        incoming?.held += bytes.readableBytes
        if incoming?.body.readableBytes == 0 { incoming?.body = bytes } else { incoming?.body.writeImmutableBuffer(bytes) }
        guard let incoming, let reader = incoming.reader, incoming.body.readableBytes > reader.limit else { return }
        fail(Problem.tooLarge(limit: reader.limit))
    }

    private func finishBody() {
        incoming?.isWhole = true
        guard let incoming else { return }
        if let reader = incoming.reader {
            self.incoming?.reader = nil
            deadline = .distantFuture
            reader.continuation.resume(returning: incoming.body)
        } else if !incoming.isDispatched, let head = incoming.head, head.isPlain, let reply = setting.health(head.request) {
            self.incoming?.isDispatched = true
            write(reply)
        } else {
            dispatch()
        }
    }

    // MARK: The router

    /// Hands the request to the router, with its body when all of it is there.
    private func dispatch() {
        guard state == .answering, let context, let incoming, let head = incoming.head, !incoming.isDispatched else { return }
        self.incoming?.isDispatched = true
        isRunning = true
        let connection = NIOLoopBound(self, eventLoop: context.eventLoop)
        let exchange = Exchange(
            head, early: incoming.isWhole ? incoming.body : nil, number: incoming.number, channel: context.channel,
            connection: connection)
        let request = Request(head: head.request, body: RequestBody(buffer: ByteBuffer()))
        let (respond, loop) = (setting.respond, context.eventLoop)
        Task {
            let reply = await respond(request, exchange)
            loop.execute { connection.value.finish(reply) }
        }
    }

    private func finish(_ reply: Reply) {
        isRunning = false
        begun = 0
        guard state == .answering else { return state == .closed ? end() : () }
        write(reply)
    }

    /// Gets the body for a route, which was not there when it was called.
    func read(_ number: Int, upTo limit: Int, _ continuation: CheckedContinuation<ByteBuffer, any Error>) {
        guard state == .answering, let incoming, incoming.number == number, incoming.reader == nil else {
            return continuation.resume(throwing: Problem.brokenOff)
        }
        if let failure = incoming.failure { return continuation.resume(throwing: failure) }
        guard incoming.body.readableBytes <= limit else { return continuation.resume(throwing: Problem.tooLarge(limit: limit)) }
        if incoming.isWhole { return continuation.resume(returning: incoming.body) }
        self.incoming?.reader = (limit, continuation)
        if incoming.head?.expectations.isEmpty == false, let context {
            context.writeAndFlush(wrapOutboundOut(.head(HTTPResponseHead(version: .http1_1, status: .continue))), promise: nil)
        }
        wait(setting.limits.bodyTime)
        resumeReading()
    }

    /// See `Exchange.watch`.
    func watch(_ number: Int, _ body: (@Sendable () -> Void)?) {
        guard incoming?.number == number else { return }
        if inputEnded || state == .closed { body?() } else { incoming?.onLeaving = body }
    }

    /// Whatever the route still does is of no use.
    private func leave() { incoming?.onLeaving.take()?() }

    // MARK: What goes out

    /// Answers without the router, and closes.
    private func refuse(_ problem: Problem) {
        number += 1
        incoming = Incoming(number: number, head: nil)
        state = .answering
        isCut = true
        write(setting.refuse(problem))
    }

    private func write(_ reply: Reply) {
        guard let context, let incoming else { return }
        var reply = reply
        let isLast = waiting.isEmpty && !isUnreadable && (inputEnded || isDraining)
        closesAfterReply =
            isLast || isCut || !incoming.isWhole || incoming.head?.persists != true || ticket?.isForHealthAlone == true
        // The body has been read, or never will be.
        give(incoming.held)
        self.incoming?.held = 0
        self.incoming?.body = ByteBuffer()
        let size = reply.body.readableBytes + 1_024
        if take(size) {
            replyBytes = size
        } else {
            closesAfterReply = true
            if reply.body.readableBytes > 4_096 { reply = setting.refuse(Problem.overloaded) }
        }
        var headers = HTTPHeaders(reply.head.headerFields.map { ($0.name.rawName, $0.value) })
        if closesAfterReply {
            headers.replaceOrAdd(name: "Connection", value: "close")
        } else if incoming.head?.saysKeepAlive == true {
            headers.replaceOrAdd(name: "Connection", value: "keep-alive")
        }
        let status = HTTPResponseStatus(statusCode: reply.head.status.code, reasonPhrase: reply.head.status.reasonPhrase)
        context.write(
            wrapOutboundOut(.head(HTTPResponseHead(version: .http1_1, status: status, headers: headers))), promise: nil)
        if reply.body.readableBytes > 0, incoming.head?.request.method != .head {
            context.write(wrapOutboundOut(.body(.byteBuffer(reply.body))), promise: nil)
        }
        state = .replying
        wait(setting.limits.replyTime + .seconds(size >> 16))
        let promise = context.eventLoop.makePromise(of: Void.self)
        promise.futureResult.assumeIsolated().whenComplete { result in
            switch result {
            case .success: self.flushed()
            case .failure: self.hangUp()
            }
        }
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: promise)
    }

    /// The reply is with the client, or with the system that sends it on.
    private func flushed() {
        give(replyBytes)
        replyBytes = 0
        guard state == .replying else { return }
        incoming = nil
        guard !closesAfterReply else { return startClosing() }
        state = .idle
        wait(setting.limits.idleTime)
        process()
    }

    /// Closes the sending side and passes over what still comes: closed at once, the system might throw the reply away.
    private func startClosing() {
        dropWaiting()
        guard !inputEnded, !isGivingWay, let context else { return hangUp() }
        state = .closing
        context.close(mode: .output, promise: nil)
        wait(.seconds(isDraining ? 1 : 2))
        resumeReading()
    }

    // MARK: Its end

    /// Closes the connection at once.
    func hangUp() {
        guard let context, state != .closed else { return }
        if setting.isSecure {
            context.triggerUserOutboundEvent(HangUp.Event(), promise: nil)
        } else {
            context.close(promise: nil)
        }
    }

    /// Makes room for another connection, unless a request is being answered.
    func giveWay() {
        guard state == .idle || state == .closing else { return }
        isGivingWay = true
        guard state == .idle, !setting.isSecure, waiting.isEmpty else { return hangUp() }
        refuse(Problem.full)
    }

    /// Answers what has come in, and closes then.
    func drain() {
        isDraining = true
        if state == .idle, waiting.isEmpty { hangUp() }
    }

    private func wait(_ time: Duration) {
        guard let context else { return }
        deadline = .now() + .nanoseconds(Int64(time / .nanoseconds(1)))
        guard timer.map({ $0.at > deadline }) ?? true else { return }
        timer?.task.cancel()
        schedule(context)
    }

    private func schedule(_ context: ChannelHandlerContext) {
        timer = (context.eventLoop.assumeIsolated().scheduleTask(deadline: deadline) { self.look() }, deadline)
    }

    /// Looks whether the client has taken too long. The timer is not set anew for every request: it may come early.
    private func look() {
        timer = nil
        guard let context, deadline != .distantFuture else { return }
        guard NIODeadline.now() >= deadline else { return schedule(context) }
        if state == .answering { fail(Problem.slow) } else { hangUp() }
    }
}

/// Closes a connection with TLS without a farewell, which the client might never answer. The first handler of its channel.
final class HangUp: ChannelOutboundHandler {
    struct Event {}

    typealias OutboundIn = Any
    typealias OutboundOut = Any

    func triggerUserOutboundEvent(context: ChannelHandlerContext, event: Any, promise: EventLoopPromise<Void>?) {
        guard event is Event else { return context.triggerUserOutboundEvent(event, promise: promise) }
        context.close(promise: promise)
    }
}

extension HTTPRequest {
    /// Whether a request is one that is answered also when the service is full.
    fileprivate var isForHealth: Bool { path?.hasPrefix("/health/") == true && (method == .get || method == .head) }
}
