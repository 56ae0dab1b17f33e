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
        let main = try ModelStore(arm: "main", path: configuration.model, workers: workers, logger: logger, metrics: metrics)
        let candidate = try configuration.candidate.map { candidate in
            (
                try ModelStore(arm: "candidate", path: candidate.path, workers: workers, logger: logger, metrics: metrics),
                candidate.share
            )
        }
        arms = ModelArms(main: main, candidate: candidate)
        events = try configuration.events.map(EventStore.init)
        let gate = Gate(
            configuration: configuration, keys: try configuration.keys.map(KeyRing.init),
            rate: configuration.rate.map(RateLimit.init),
            metrics: metrics, logger: logger)
        let queue = ScoringQueue(
            limits: ScoringQueue.Limits(
                batch: configuration.batchSize, waiting: configuration.queueSize, delay: configuration.batchDelay),
            workers: workers, metrics: metrics)
        let answers = Answers(arms: arms, queue: queue, limits: configuration.limits, metrics: metrics)
        let routes = Routes(gate)
        routes.addRecommending(answers)
        routes.addUsers(answers, events, logger: logger)
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
        let http = HTTPServerBuilder.http1(
            configuration: .init(
                additionalChannelHandlers: [UnreadableRequests(logger: logger)], idleTimeout: .seconds(30)))
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
            throw FoldinError(
                .cannotCreate, file: "\(configuration.host):\(configuration.port)", found: "\(error)",
                expected: "an address of this machine that is free")
        }
        logger.info("stopped")
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
