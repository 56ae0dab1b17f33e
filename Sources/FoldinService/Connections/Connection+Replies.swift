#if Service
import NIOCore
import NIOHTTP1

extension Connection {
    // MARK: Replies

    /// Replies without the router, and closes.
    func refuse(_ problem: Problem) {
        number += 1
        incoming = Incoming(number: number, head: nil)
        state = .answering
        isCut = true
        write(setting.refuse(problem))
    }

    func write(_ reply: Reply) {
        guard let context, let incoming else { return }
        var reply = reply
        let isLast = waiting.isEmpty && !isUnreadable && (inputEnded || isDraining)
        closesAfterReply =
            isLast || isCut || !incoming.isComplete || incoming.head?.persists != true || ticket?.isForHealthOnly == true
        // The body has been read, or will not be.
        release(incoming.held)
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
        setDeadline(setting.limits.replyTime + .seconds(size >> 16))
        let promise = context.eventLoop.makePromise(of: Void.self)
        promise.futureResult.assumeIsolated().whenComplete { result in
            switch result {
            case .success: self.flushed()
            case .failure: self.hangUp()
            }
        }
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: promise)
    }

    /// Called when the reply is with the client, or with the system that sends it.
    func flushed() {
        release(replyBytes)
        replyBytes = 0
        guard state == .replying else { return }
        incoming = nil
        guard !closesAfterReply else { return startClosing() }
        state = .idle
        setDeadline(setting.limits.idleTime)
        process()
    }

    /// Closes the sending side and discards what still arrives. If both sides were closed at once, the system might drop the reply.
    func startClosing() {
        dropWaiting()
        guard !inputEnded, !isEvicted, let context else { return hangUp() }
        state = .closing
        context.close(mode: .output, promise: nil)
        setDeadline(.seconds(isDraining ? 1 : 2))
        resumeReading()
    }

    // MARK: Closing

    /// Closes the connection at once.
    func hangUp() {
        guard let context, state != .closed else { return }
        if setting.isSecure {
            context.triggerUserOutboundEvent(HangUp.Event(), promise: nil)
        } else {
            context.close(promise: nil)
        }
    }

    /// Closes the connection in favour of another one, unless a request is being answered.
    func evict() {
        guard state == .idle || state == .closing else { return }
        isEvicted = true
        guard state == .idle, !setting.isSecure, waiting.isEmpty else { return hangUp() }
        refuse(Problem.full)
    }

    /// Answers the requests that have arrived, then closes.
    func drain() {
        isDraining = true
        if state == .idle, waiting.isEmpty { hangUp() }
    }

    /// Limits the time that the client has for its next step.
    func setDeadline(_ time: Duration) {
        guard let context else { return }
        deadline = .now() + .nanoseconds(Int64(time / .nanoseconds(1)))
        guard timer.map({ $0.at > deadline }) ?? true else { return }
        timer?.task.cancel()
        schedule(context)
    }

    func schedule(_ context: ChannelHandlerContext) {
        timer = (context.eventLoop.assumeIsolated().scheduleTask(deadline: deadline) { self.checkDeadline() }, deadline)
    }

    /// Acts when the deadline has passed. The timer is not reset for every request, so it may fire early.
    func checkDeadline() {
        timer = nil
        guard let context, deadline != .distantFuture else { return }
        guard NIODeadline.now() >= deadline else { return schedule(context) }
        if state == .answering { fail(Problem.slow) } else { hangUp() }
    }
}
#endif
