import FoldinInteractions
import FoldinKernels
import Foundation
import Hummingbird
import HummingbirdCore
import HummingbirdTLS
import Logging
import NIOCore
import ServiceLifecycle
import UnixSignals

/// The service, put together: models loaded, database open, ready to listen.
public struct FoldinServer: Sendable {
    private let configuration: ServiceConfiguration
    private let logger: Logger
    private let arms: ModelArms
    private let events: EventStore?
    private let certificate: Certificate?
    private let draining = Draining()
    private let router: RouterResponder<ServiceContext>

    /// Loads the models and opens what the configuration names.
    ///
    /// - Throws: `FoldinError` when an option, a model, the key file or the database is not as it must be.
    public init(_ configuration: ServiceConfiguration, logger: Logger) throws {
        try configuration.validate()
        self.configuration = configuration
        self.logger = logger
        certificate = try configuration.certificate.map { try Certificate(chain: $0.chain, key: $0.key) }
        let workers = Workers(count: configuration.threads)
        let metrics = PrometheusRegistry()
        let main = try ModelStore(
            arm: "main", path: configuration.model, kept: configuration.keptModels, workers: workers, logger: logger,
            metrics: metrics)
        let candidate = try configuration.candidate.map { candidate in
            (
                try ModelStore(
                    arm: "candidate", path: candidate.path, kept: configuration.keptModels, workers: workers, logger: logger,
                    metrics: metrics),
                candidate.share
            )
        }
        arms = ModelArms(main: main, candidate: candidate)
        events = try configuration.events.map { path in
            try EventStore(
                path: path,
                options: EventStore.Options(eventsPerUser: configuration.eventsPerUser, age: configuration.eventAge),
                metrics: metrics, logger: logger)
        }
        let gate = Gate(
            configuration: configuration, keys: try configuration.keys.map(KeyRing.init),
            rate: configuration.rate.map(RateLimit.init),
            metrics: metrics, logger: logger)
        let queue = ScoringQueue(
            limits: ScoringQueue.Limits(
                batch: configuration.batchSize, waiting: configuration.queueSize, delay: configuration.batchDelay),
            workers: workers, metrics: metrics)
        let kept = KeptEvents(
            store: events, likedAbove: configuration.likedAbove ?? main.current.model.card.likedAbove,
            limits: configuration.limits, logger: logger)
        let answers = Answers(arms: arms, queue: queue, events: kept, limits: configuration.limits, metrics: metrics)
        let routes = Routes(gate)
        routes.addRecommending(answers)
        routes.addUsers(answers)
        routes.addOperating(arms, events, draining, metrics)
        routes.addPage()
        router = routes.finished().buildResponder()
    }

    /// Serves until SIGTERM or SIGINT, then answers what has come in and returns. SIGHUP reloads the models.
    ///
    /// `onListening` is called with the port once connections are taken.
    ///
    /// - Throws: `FoldinError` of kind `cannotCreate` when the address is taken or is none of this machine's.
    public func run(onListening: @escaping @Sendable (Int) async -> Void = { _ in }) async throws {
        let logger = logger
        let http = HTTPServerBuilder { responder in
            ServiceChannel(
                http: HTTP1Channel(
                    responder: responder,
                    configuration: .init(
                        additionalChannelHandlers: [UnreadableRequests(logger: logger), ClosingReplies(), Departures()],
                        idleTimeout: .seconds(30))))
        }
        let application = Application(
            responder: router, server: try certificate.map { try .tls(http, tlsConfiguration: $0.configuration) } ?? http,
            configuration: ApplicationConfiguration(
                address: .hostname(configuration.host, port: configuration.port), serverName: "foldin", backlog: 1024,
                availableConnectionsDelegate: .maximum(10_000, logger: logger)),
            onServerRunning: { channel in
                let port = channel.localAddress?.port ?? 0
                logger.info("listening", metadata: ["host": "\(configuration.host)", "port": "\(port)"])
                await onListening(port)
            }, logger: quiet)
        let services: [any Service] =
            [application, Notice(draining: draining), Reloading(stores: arms.stores, logger: logger)]
            + (configuration.watch.map { [Watching(stores: arms.stores, interval: $0)] } ?? [])
        do {
            try await ServiceGroup(
                configuration: .init(services: services, gracefulShutdownSignals: [.sigterm, .sigint], logger: quiet)
            ).run()
        } catch let error as IOError {
            throw refusal(error.errnoCode)
        } catch is SocketAddressError.UnknownHost {
            throw FoldinError(
                .cannotCreate, found: "the host \(configuration.host), which has no address that can be found",
                expected: "a --host of this machine")
        }
        logger.info("stopped")
    }

    /// Why the address cannot be listened on.
    private func refusal(_ code: CInt) -> FoldinError {
        let host = configuration.host.contains(":") ? "[\(configuration.host)]" : configuration.host
        let (found, expected) =
            switch code {
            case EADDRINUSE:
                ("an address and port already in use", "a free port: another --port, or 0 for any that is free")
            case EADDRNOTAVAIL: ("an address that is none of this machine's", "a --host of this machine")
            case EACCES: ("no right to listen on this port", "a --port from 1024")
            default: (String(cString: strerror(code)).lowercased(), "an address and port of this machine that are free")
            }
        return FoldinError(.cannotCreate, file: "\(host):\(configuration.port)", found: found, expected: expected)
    }

    /// What the packages have to say only when something is wrong.
    private var quiet: Logger {
        var quiet = logger
        quiet.logLevel = max(.error, logger.logLevel)
        return quiet
    }

    /// Tells `/health/ready` that the end has begun.
    private struct Notice: Service {
        let draining: Draining

        func run() async throws {
            try? await gracefulShutdown()
            draining.begin()
        }
    }

    /// Reloads on SIGHUP.
    private struct Reloading: Service {
        let stores: [ModelStore]
        let logger: Logger

        func run() async throws {
            for await _ in await UnixSignalsSequence(trapping: .sighup).cancelOnGracefulShutdown() {
                logger.info("reload asked for by SIGHUP")
                for store in stores { await store.reload() }
            }
        }
    }

    /// Reloads when a file changes.
    private struct Watching: Service {
        let stores: [ModelStore]
        let interval: Duration

        func run() async throws {
            await cancelWhenGracefulShutdown {
                while (try? await Task.sleep(for: interval)) != nil {
                    for store in stores { await store.reloadIfChanged() }
                }
            }
        }
    }
}
