#if Service
import NIOCore

/// Closes a TLS connection without the closing handshake, which the client might never answer. The first handler of its channel.
final class HangUp: ChannelOutboundHandler {
    struct Event {}

    typealias OutboundIn = Any
    typealias OutboundOut = Any

    func triggerUserOutboundEvent(context: ChannelHandlerContext, event: Any, promise: EventLoopPromise<Void>?) {
        guard event is Event else { return context.triggerUserOutboundEvent(event, promise: promise) }
        context.close(promise: promise)
    }
}
#endif
