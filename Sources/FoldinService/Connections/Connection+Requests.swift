#if Service
import HTTPTypes
import Hummingbird
import NIOCore
import NIOHTTP1

extension Connection {
    /// The bytes of the budget that a part takes. The head of a request that is answered at once takes none.
    func cost(of part: HTTPServerRequestPart) -> Int {
        switch part {
        case .head(let head):
            state == .idle && waiting.isEmpty
                ? 0 : head.headers.reduce(1_024 + head.uri.utf8.count) { $0 + $1.name.utf8.count + $1.value.utf8.count }
        case .body(let bytes): bytes.readableBytes
        case .end: 0
        }
    }

    /// Takes bytes of the budget; false when there are not enough.
    func take(_ count: Int) -> Bool {
        guard count > 0, let ticket else { return true }
        return setting.budget.take(count, for: ticket.share)
    }

    func release(_ count: Int) {
        guard count > 0, let ticket else { return }
        setting.budget.release(count, of: ticket.share)
    }

    func dropWaiting() {
        release(waiting.reduce(0) { $0 + $1.cost })
        waiting.removeAll()
    }

    /// Stops reading: the service has no bytes left for this connection.
    func overload() {
        isCut = true
        dropWaiting()
        if let incoming, !incoming.isComplete { fail(Problem.overloaded) }
    }

    /// Notes that the rest of the body will not arrive.
    func fail(_ problem: Problem) {
        guard incoming != nil, incoming?.isComplete == false else { return }
        incoming?.failure = problem
        deadline = .distantFuture
        incoming?.reader.take()?.continuation.resume(throwing: problem)
        dispatch()
    }

    /// Handles the parts that wait, as far as possible.
    func process() {
        guard !isProcessing else { return }
        isProcessing = true
        defer { isProcessing = false }
        while let (part, cost) = waiting.first {
            if case .head(let head) = part {
                guard state == .idle else { return }
                // Between many requests of one client, other connections of the event loop have their turn.
                guard begun < Connection.requestsPerTurn else { return processLater() }
                begun += 1
                waiting.removeFirst()
                release(cost)
                begin(head)
                continue
            }
            waiting.removeFirst()
            guard state == .answering, incoming?.isComplete == false, incoming?.failure == nil else {
                release(cost)
                continue
            }
            if case .body(let bytes) = part { takeBody(bytes) } else { finishBody() }
        }
        if state == .answering, inputEnded || isUnreadable { fail(Problem.incompleteBody) }
        if !isReading { dispatch() }
        if state == .idle { becomeIdle() }
    }

    func processLater() {
        guard !isInQueue, let context else { return }
        isInQueue = true
        setting.queues.queue(of: context.eventLoop).add {
            self.isInQueue = false
            self.begun = 0
            self.process()
        }
    }

    /// Called when there is no request to answer: reads on, or closes.
    func becomeIdle() {
        if isUnreadable {
            refuse(Problem.malformed(found: "bytes that are not a request", expected: "HTTP/1.1"))
        } else if inputEnded || isDraining || isCut {
            hangUp()
        } else {
            resumeReading()
        }
    }

    func begin(_ head: HTTPRequestHead) {
        let parsed: RequestHead
        do { parsed = try RequestHead(head) } catch { return refuse(error) }
        if ticket?.isForHealthOnly == true, !parsed.request.isForHealth { return refuse(Problem.full) }
        number += 1
        incoming = Incoming(number: number, head: parsed)
        state = .answering
        deadline = .distantFuture
    }

    func takeBody(_ bytes: ByteBuffer) {
        incoming?.held += bytes.readableBytes
        if incoming?.body.readableBytes == 0 { incoming?.body = bytes } else { incoming?.body.writeImmutableBuffer(bytes) }
        guard let incoming, let reader = incoming.reader, incoming.body.readableBytes > reader.limit else { return }
        fail(Problem.tooLarge(limit: reader.limit))
    }

    func finishBody() {
        incoming?.isComplete = true
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

    // MARK: Routing

    /// Passes the request to the router, with its body when that is complete.
    func dispatch() {
        guard state == .answering, let context, let incoming, let head = incoming.head, !incoming.isDispatched else { return }
        self.incoming?.isDispatched = true
        isRunning = true
        let connection = NIOLoopBound(self, eventLoop: context.eventLoop)
        let exchange = Exchange(
            head, early: incoming.isComplete ? incoming.body : nil, number: incoming.number, channel: context.channel,
            connection: connection)
        let request = Request(head: head.request, body: RequestBody(buffer: ByteBuffer()))
        let (respond, loop) = (setting.respond, context.eventLoop)
        Task {
            let reply = await respond(request, exchange)
            loop.execute { connection.value.finish(reply) }
        }
    }

    func finish(_ reply: Reply) {
        isRunning = false
        begun = 0
        guard state == .answering else { return state == .closed ? end() : () }
        write(reply)
    }

    /// Gives a route the body, which was not complete when the route was called.
    func read(_ number: Int, upTo limit: Int, _ continuation: CheckedContinuation<ByteBuffer, any Error>) {
        guard state == .answering, let incoming, incoming.number == number, incoming.reader == nil else {
            return continuation.resume(throwing: Problem.incompleteBody)
        }
        if let failure = incoming.failure { return continuation.resume(throwing: failure) }
        guard incoming.body.readableBytes <= limit else { return continuation.resume(throwing: Problem.tooLarge(limit: limit)) }
        if incoming.isComplete { return continuation.resume(returning: incoming.body) }
        self.incoming?.reader = (limit, continuation)
        if incoming.head?.expectations.isEmpty == false, let context {
            context.writeAndFlush(wrapOutboundOut(.head(HTTPResponseHead(version: .http1_1, status: .continue))), promise: nil)
        }
        setDeadline(setting.limits.bodyTime)
        resumeReading()
    }

    /// See `Exchange.onDisconnect`.
    func onDisconnect(_ number: Int, _ body: (@Sendable () -> Void)?) {
        guard incoming?.number == number else { return }
        if inputEnded || state == .closed { body?() } else { incoming?.onDisconnect = body }
    }

    /// Tells the route that its work is not needed any more.
    func notifyDisconnect() { incoming?.onDisconnect.take()?() }
}

extension HTTPRequest {
    /// Whether the request is answered also when the service has all its connections.
    fileprivate var isForHealth: Bool { path?.hasPrefix("/health/") == true && (method == .get || method == .head) }
}
#endif
