import FoldinInteractions
import FoldinKernels
import Foundation
import Hummingbird
import Logging
import Metrics
import NIOCore
import ServiceLifecycle
import UnixSignals

/// The service, put together: models loaded, database open, ready to listen.
public struct FoldinServer: Sendable {
    private let configuration: ServiceConfiguration
    private let logger: Logger
    private let arms: ModelArms
    private let certificate: ReloadedFile<Certificate>?
    private let keys: ReloadedFile<KeyRing>?
    private let probe: StoreProbe?
    private let draining = Draining()
    private let setting: ConnectionSetting

    /// Loads the models and opens what the configuration names.
    ///
    /// - Throws: `FoldinError` when an option, a model, the key file or the database is not as it must be.
    public init(_ configuration: ServiceConfiguration, logger: Logger) throws {
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
        let events = try configuration.events.map { path in
            try EventStore(
                path: path,
                options: EventStore.Options(eventsPerUser: configuration.eventsPerUser, age: configuration.eventAge),
                metrics: metrics, logger: logger)
        }
        probe = events.map { StoreProbe($0) }
        let gate = Gate(
            configuration: configuration, keys: keys,
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
            configuration, router: routes.finished().buildResponder(), gate: gate, readiness: readiness, connections: connections,
            budget: budget, logger: logger)
        logger.info(
            "limits",
            metadata: [
                "open files": "\(limit)", "connections": "\(connectionLimits.total)",
                "connections per address": "\(connectionLimits.perAddress)", "buffered bytes": "\(budget.limit)",
            ])
    }

    /// How connections get their answers.
    private static func setting(
        _ configuration: ServiceConfiguration, router: RouterResponder<ServiceContext>, gate: Gate, readiness: Readiness,
        connections: Connections, budget: Budget, logger: Logger
    ) -> ConnectionSetting {
        // Of the packages only errors are of interest.
        var quiet = logger
        quiet.logLevel = max(.error, logger.logLevel)
        let (logger, hasCertificate) = (quiet, configuration.certificate != nil)
        return ConnectionSetting(
            connections: connections, budget: budget, limits: configuration.limits, isSecure: hasCertificate,
            respond: { request, exchange -> Reply in
                let context = ServiceContext(source: ServiceContext.Source(logger: logger, exchange: exchange))
                do { return try await Reply(router.respond(to: request, context: context)) } catch {
                    return gate.reply(.internalFailure)
                }
            },
            health: { request -> Reply? in
                let began = ContinuousClock.now
                let requestId = Gate.requestId(request) ?? RequestID().description
                guard let reply = readiness.reply(to: request, requestId: requestId) else { return nil }
                return gate.completed(reply, to: request, requestId: requestId, began: began)
            },
            refuse: { gate.reply($0) })
    }

    /// Serves until SIGTERM or SIGINT, then answers what has come in and returns. SIGHUP reloads models, keys and certificate.
    ///
    /// `onListening` is called with the port once connections are taken.
    ///
    /// - Throws: `FoldinError` of kind `cannotCreate` when the address is taken or is none of this machine's.
    public func run(onListening: @escaping @Sendable (Int) async -> Void = { _ in }) async throws {
        try await run(endingAfter: nil, onListening: onListening)
    }

    /// The same; tests end it as a signal would by the end of `ending`.
    func run(endingAfter ending: AsyncStream<Void>?, onListening: @escaping @Sendable (Int) async -> Void) async throws {
        let logger = logger
        let listener = Listener(
            configuration: configuration, setting: setting, certificate: certificate, logger: logger, onListening: onListening)
        var files: [any Reloaded] = arms.stores
        if let keys { files.append(keys) }
        if let certificate { files.append(certificate) }
        var services: [any Service] = [listener, Notice(draining: draining), Reloading(files: files, logger: logger)]
        if let interval = configuration.watch { services.append(Watching(files: files, interval: interval)) }
        if let probe { services.append(probe) }
        do {
            let group = ServiceGroup(
                configuration: .init(services: services, gracefulShutdownSignals: [.sigterm, .sigint], logger: quiet))
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
                .cannotCreate, found: "the host \(configuration.host), which has no address that can be found",
                expected: "an address of this machine", reason: .hostNotLocal)
        }
        logger.info("stopped")
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
        return FoldinError(.cannotCreate, file: "\(host):\(configuration.port)", found: found, expected: expected, reason: reason)
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
        let files: [any Reloaded]
        let logger: Logger

        func run() async throws {
            for await _ in await UnixSignalsSequence(trapping: .sighup).cancelOnGracefulShutdown() {
                logger.info("reload asked for by SIGHUP")
                for file in files { await file.reload() }
            }
        }
    }

    /// Reloads when a file changes.
    private struct Watching: Service {
        let files: [any Reloaded]
        let interval: Duration

        func run() async throws {
            await cancelWhenGracefulShutdown {
                while (try? await Task.sleep(for: interval)) != nil {
                    for file in files { await file.reloadIfChanged() }
                }
            }
        }
    }
}
