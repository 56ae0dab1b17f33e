import Hummingbird
import NIOCore

/// Notices that the client of a connection has closed it, or its sending side, while a request is answered.
///
/// - Note: `@unchecked Sendable` because `hasLeft` and `onLeaving` are used on the event loop of the channel only.
final class Departures: ChannelInboundHandler, RemovableChannelHandler, @unchecked Sendable {
    typealias InboundIn = Any

    private var hasLeft = false
    /// What is to be cancelled then.
    private var onLeaving: (@Sendable () -> Void)?

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .some(.inputClosed) = event as? ChannelEvent { leave() }
        context.fireUserInboundEventTriggered(event)
    }

    func channelInactive(context: ChannelHandlerContext) {
        leave()
        context.fireChannelInactive()
    }

    /// Calls `body` when the client leaves, at once when it has left.
    func watch(_ body: (@Sendable () -> Void)?) {
        onLeaving = body
        if hasLeft { leave() }
    }

    private func leave() {
        hasLeft = true
        onLeaving?()
        onLeaving = nil
    }
}

extension ServiceContext {
    /// What `body` gives. It is cancelled when the client leaves: what still waits in a queue for it is not done.
    ///
    /// - Throws: what `body` throws, `Problem.abandoned` when it was cancelled.
    func untilTheClientLeaves<Value: Sendable>(_ body: @escaping @Sendable () async throws -> Value) async throws -> Value {
        let work = Task { try await body() }
        watch { work.cancel() }
        defer { watch(nil) }
        do {
            return try await withTaskCancellationHandler {
                try await work.value
            } onCancel: {
                work.cancel()
            }
        } catch is CancellationError { throw Problem.abandoned }
    }

    private func watch(_ body: (@Sendable () -> Void)?) {
        let channel = channel
        channel.eventLoop.execute {
            guard let departures = try? channel.pipeline.syncOperations.handler(type: Departures.self) else {
                // The channel is closed, and its handlers are gone.
                if !channel.isActive { body?() }
                return
            }
            departures.watch(body)
        }
    }
}
