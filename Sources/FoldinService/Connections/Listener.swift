#if Service
import Foundation
import Logging
import NIOConcurrencyHelpers
import NIOCore
import NIOHTTP1
import NIOPosix
import ServiceLifecycle

/// Accepts connections until the service ends, then lets them finish.
struct Listener: Service {
    let configuration: ServiceConfiguration
    let setting: ConnectionSetting
    let certificate: ReloadedFile<Certificate>?
    let logger: Logger
    let onListening: @Sendable (Int) async -> Void

    /// - Throws: the error of the system when the address cannot be listened on.
    func run() async throws {
        var server = try await bind(port: configuration.port)
        let port = server.localAddress?.port ?? configuration.port
        logger.info("listening", metadata: ["host": "\(configuration.host)", "port": "\(port)"])
        await onListening(port)
        let ending = Ending()
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                try? await gracefulShutdown()
                ending.begin()
            }
            // An error of the network can close the listening socket; the service listens again.
            while !ending.hasBegun {
                ending.watch(server)
                try? await server.closeFuture.get()
                guard !ending.hasBegun else { break }
                logger.error("the listening socket was closed by an error", metadata: ["expected": "listening again"])
                while !ending.hasBegun {
                    if let fresh = try? await bind(port: port) {
                        server = fresh
                        break
                    }
                    guard (try? await Task.sleep(for: .seconds(1))) != nil else { break }
                }
            }
            group.cancelAll()
        }
        await drain(server.eventLoop)
    }

    /// Lets the connections answer the requests that have arrived, and closes those that take too long.
    private func drain(_ loop: any EventLoop) async {
        let (connections, logger) = (setting.connections, logger)
        let drained = connections.drain(on: loop)
        let limit = Task.isCancelled ? Duration.zero : configuration.drainTime
        let cutting = loop.scheduleTask(in: .nanoseconds(Int64(limit / .nanoseconds(1)))) {
            let count = connections.cut()
            logger.warning("connections closed at the end of the drain time", metadata: ["connections": "\(count)"])
            // Requests under way are not waited for.
            loop.scheduleTask(in: .seconds(1)) { connections.stopWaiting() }
        }
        try? await drained.get()
        cutting.cancel()
    }

    private func bind(port: Int) async throws -> any Channel {
        let (setting, certificate, logger) = (setting, certificate, logger)
        return try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.backlog, value: 1_024)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .serverChannelOption(.maxMessagesPerRead, value: 16)
            .serverChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let limit = AcceptLimit(setting.connections.limits.sockets - 16, logger: logger)
                    try channel.pipeline.syncOperations.addHandler(limit)
                    // The system may have no descriptor or memory for a connection now, but shortly after.
                    try channel.pipeline.syncOperations.addHandler(
                        AcceptBackoffHandler(shouldForwardIOErrorCaught: false) { error in
                            error.errnoCode == ECONNABORTED ? nil : .milliseconds(200)
                        })
                }
            }
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            // In small pieces: more is read when it is needed.
            .childChannelOption(.maxMessagesPerRead, value: 1)
            .childChannelOption(.recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: 1 << 13))
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    if let certificate {
                        try pipeline.addHandler(HangUp())
                        try pipeline.addHandler(certificate.value.handler())
                    }
                    var limits = NIOHTTPDecoderLimitConfiguration()
                    limits.maxHeaderFieldSize = setting.limits.headBytes
                    limits.maxHeaderListSize = setting.limits.headBytes
                    try pipeline.configureHTTPServerPipeline(
                        withPipeliningAssistance: false, withErrorHandling: false, withOutboundHeaderValidation: false,
                        withEncoderConfiguration: .init(), withDecoderLimitConfiguration: limits)
                    try pipeline.addHandler(Connection(setting))
                }
            }
            .bind(host: configuration.host, port: port).get()
    }

    /// Closes the listening socket when the shutdown has begun, also if it began before the socket was known.
    private final class Ending: Sendable {
        private let state = NIOLockedValueBox<(hasBegun: Bool, server: (any Channel)?)>((false, nil))

        var hasBegun: Bool { state.withLockedValue(\.hasBegun) }

        func begin() {
            let server = state.withLockedValue { state in
                state.hasBegun = true
                return state.server
            }
            server?.close(promise: nil)
        }

        func watch(_ server: any Channel) {
            let hasBegun = state.withLockedValue { state in
                state.server = server
                return state.hasBegun
            }
            if hasBegun { server.close(promise: nil) }
        }
    }
}

/// Accepts no connection while the limit on open sockets is reached. That is short: connections beyond the limits of `Connections` are
/// closed soon.
private final class AcceptLimit: ChannelDuplexHandler {
    typealias InboundIn = any Channel
    typealias InboundOut = any Channel
    typealias OutboundIn = Never
    typealias OutboundOut = Never

    private let limit: Int
    private let logger: Logger
    private var open = 0
    private var isWaiting = false
    private var nextLog = NIODeadline.uptimeNanoseconds(0)

    init(_ limit: Int, logger: Logger) { (self.limit, self.logger) = (limit, logger) }

    /// Logs why the system could not accept a connection, at most once per minute.
    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if .now() >= nextLog {
            nextLog = .now() + .minutes(1)
            logger.error("a connection could not be accepted", metadata: ["reason": "\(error)"])
        }
        context.fireErrorCaught(error)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        open += 1
        let bound = NIOLoopBound((handler: self, context: context), eventLoop: context.eventLoop)
        unwrapInboundIn(data).closeFuture.hop(to: context.eventLoop).whenComplete { _ in
            let (handler, context) = bound.value
            handler.open -= 1
            if handler.isWaiting, handler.open < handler.limit {
                handler.isWaiting = false
                context.read()
            }
        }
        context.fireChannelRead(data)
    }

    func read(context: ChannelHandlerContext) {
        if open < limit { context.read() } else { isWaiting = true }
    }
}
#endif
