#if Service
import FoldinInteractions
import FoldinKernels
import FoldinSupport
import Foundation
import Hummingbird
import Logging
import Metrics
import NIOCore
import ServiceLifecycle

/// An HTTP service over models and a store of events.
///
/// Making a server loads the models and opens the store; ``run(onListening:)`` listens.
///
/// <!-- given: import Logging -->
/// ```swift
/// var configuration = ServiceConfiguration(model: "run/model.safetensors")
/// configuration.events = .sqlite("events.sqlite")
/// let server = try await FoldinServer(configuration, logger: Logger(label: "foldin"))
/// try await server.run { port in print("http://127.0.0.1:\(port)/") }
/// ```
public struct FoldinServer: Sendable {
    private let configuration: ServiceConfiguration
    private let logger: Logger
    private let arms: ModelArms
    private let certificate: ReloadedFile<Certificate>?
    private let keys: ReloadedFile<KeyRing>?
    private let events: (any EventStore)?
    private let probe: StoreProbe?
    private let draining = Draining()
    private let setting: ConnectionSetting

    /// Loads the models and opens the files and the store of events that the configuration names.
    ///
    /// - Throws: `FoldinError` of kind `usage` for an invalid configuration; `missingInput`, `badData` or `cannotCreate` for a model, a key file, a
    ///   certificate or a database that cannot be used. What the store of events throws.
    public init(_ configuration: ServiceConfiguration, logger: Logger) async throws {
        try configuration.validate()
        try configuration.refuseOverlap()
        self.configuration = configuration
        self.logger = logger
        let limit = Descriptors.raisedLimit()
        let connectionLimits = try ConnectionLimits(
            requested: configuration.maxConnections, perAddress: configuration.maxConnectionsPerAddress, limit: limit,
            open: Descriptors.open(limit: limit), loops: System.coreCount)
        certificate = try configuration.certificate.map { files in
            try ReloadedFile("certificate", paths: [files.chain, files.key], logger: logger) {
                try Certificate(chain: files.chain, key: files.key)
            }
        }
        keys = try configuration.keys.map { file in
            try ReloadedFile("keys", paths: [file], logger: logger) { try KeyRing(contentsOf: file) }
        }
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
        var options = EventStoreOptions()
        (options.eventsPerUser, options.metrics) = (configuration.eventsPerUser, metrics)
        let events = try await configuration.events?.open(options)
        self.events = events
        probe = events.map { StoreProbe($0) }
        let middleware = RequestMiddleware(
            configuration: configuration, keys: keys,
            rate: configuration.rate.map(RateLimit.init),
            metrics: metrics, logger: logger)
        let queue = ScoringQueue(
            limits: ScoringQueue.Limits(
                batch: configuration.batchSize, waiting: configuration.queueSize, delay: configuration.batchDelay),
            workers: workers, metrics: metrics)
        let kept = StoredEvents(
            store: events, likedAbove: configuration.likedAbove ?? main.current.model.card.likedAbove,
            limits: configuration.limits, logger: logger)
        let answers = Answers(arms: arms, queue: queue, events: kept, limits: configuration.limits, metrics: metrics)
        let routes = Routes(middleware)
        routes.addRecommending(answers)
        routes.addUsers(answers)
        let connections = Connections(limits: connectionLimits, metrics: metrics, logger: logger)
        let budget = Budget(limit: configuration.bufferedBytes)
        let readiness = Readiness(draining: draining, probe: probe)
        routes.addOperating(arms, readiness, metrics) {
            Meter(label: "foldin_connections", dimensions: [], factory: metrics).set(connections.count)
            Meter(label: "foldin_buffered_bytes", dimensions: [], factory: metrics).set(budget.held)
            Counter(label: "foldin_log_lines_dropped_total", dimensions: [], factory: metrics)
                .increment(by: LogQueue.standardError.takeDropped())
        }
        routes.addPage()
        setting = FoldinServer.setting(
            configuration, router: routes.finished().buildResponder(), middleware: middleware, readiness: readiness,
            connections: connections,
            budget: budget, logger: logger.forPackages)
        logger.info(
            "limits",
            metadata: [
                "open files": "\(limit)", "connections": "\(connectionLimits.total)",
                "connections per address": "\(connectionLimits.perAddress)", "buffered bytes": "\(budget.limit)",
            ])
    }

    /// How connections get their replies.
    private static func setting(
        _ configuration: ServiceConfiguration, router: RouterResponder<ServiceContext>, middleware: RequestMiddleware,
        readiness: Readiness,
        connections: Connections, budget: Budget, logger: Logger
    ) -> ConnectionSetting {
        let hasCertificate = configuration.certificate != nil
        return ConnectionSetting(
            connections: connections, budget: budget, limits: configuration.limits, isSecure: hasCertificate,
            respond: { request, exchange -> Reply in
                let context = ServiceContext(source: ServiceContext.Source(logger: logger, exchange: exchange))
                do { return try await Reply(router.respond(to: request, context: context)) } catch {
                    return middleware.reply(.internalFailure)
                }
            },
            health: { request -> Reply? in
                let began = ContinuousClock.now
                let requestId = RequestMiddleware.requestId(request) ?? RequestID().description
                guard let reply = readiness.reply(to: request, requestId: requestId) else { return nil }
                return middleware.completed(reply, to: request, requestId: requestId, began: began)
            },
            refuse: { middleware.reply($0) })
    }

    /// Serves until SIGTERM or SIGINT. Then answers the requests that have arrived, closes the store of events and returns. SIGHUP reloads models,
    /// keys and certificate. To be called once.
    ///
    /// - Parameter onListening: called with the port when connections are accepted.
    /// - Throws: `FoldinError` of kind `cannotCreate` when the address is in use or does not belong to this machine.
    public func run(onListening: @escaping @Sendable (Int) async -> Void = { _ in }) async throws {
        try await run(endingAfter: nil, onListening: onListening)
    }

    /// The same, ended by a signal or by the end of `ending`, for tests.
    func run(endingAfter ending: AsyncStream<Void>?, onListening: @escaping @Sendable (Int) async -> Void) async throws {
        let outcome: Result<Void, any Error>
        do { outcome = .success(try await serve(endingAfter: ending, onListening: onListening)) } catch {
            outcome = .failure(error)
        }
        do { try await events?.close() } catch {
            logger.error("the store of events cannot be closed", metadata: ["reason": "\(error)"])
        }
        try outcome.get()
        logger.info("stopped")
    }

    private func serve(
        endingAfter ending: AsyncStream<Void>?, onListening: @escaping @Sendable (Int) async -> Void
    ) async throws {
        let logger = logger
        let listener = Listener(
            configuration: configuration, setting: setting, certificate: certificate, logger: logger, onListening: onListening)
        var files: [any Reloaded] = arms.stores
        if let keys { files.append(keys) }
        if let certificate { files.append(certificate) }
        var services: [any Service] = [
            listener, ShutdownNotice(draining: draining), ReloadOnSignal(files: files, logger: logger),
        ]
        if let interval = configuration.watch { services.append(ReloadOnChange(files: files, interval: interval)) }
        if let probe { services.append(probe) }
        if let events, let age = configuration.eventAge {
            services.append(EventRetention(store: events, age: age, logger: logger))
        }
        do {
            let group = ServiceGroup(
                configuration: .init(
                    services: services, gracefulShutdownSignals: [.sigterm, .sigint], logger: logger.forPackages))
            try await withThrowingDiscardingTaskGroup { tasks in
                if let ending {
                    tasks.addTask {
                        for await _ in ending {}
                        await group.triggerGracefulShutdown()
                    }
                }
                try await group.run()
                tasks.cancelAll()
            }
        } catch let error as IOError {
            throw refusal(error.errnoCode)
        } catch is SocketAddressError.UnknownHost {
            throw FoldinError(
                .cannotCreate, found: "the host \(configuration.host), whose address cannot be found",
                expected: "an address of this machine", reason: .hostNotLocal)
        }
    }

    /// Why the address cannot be listened on.
    private func refusal(_ code: CInt) -> FoldinError {
        let host = configuration.host.contains(":") ? "[\(configuration.host)]" : configuration.host
        let (found, expected, reason): (String, String, FoldinError.Reason?) =
            switch code {
            case EADDRINUSE: ("an address and port already in use", "another port, or 0 for any that is free", .portInUse)
            case EADDRNOTAVAIL: ("an address that does not belong to this machine", "an address of this machine", .hostNotLocal)
            case EACCES: ("no right to listen on this port", "a port from 1024", .portForbidden)
            default: (FoldinError.systemReason(of: code), "an address and port of this machine that are free", nil)
            }
        return FoldinError(
            .cannotCreate, file: "\(host):\(configuration.port)", found: found, expected: expected, reason: reason)
    }
}

extension Logger {
    /// The logger for the packages: only errors.
    fileprivate var forPackages: Logger {
        var logger = self
        logger.logLevel = max(.error, logLevel)
        return logger
    }
}
#endif
