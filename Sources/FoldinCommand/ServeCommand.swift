#if Service
import ArgumentParser
import Foldin
import FoldinService
import Logging

/// `foldin serve`: serves a model over HTTP.
struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve", abstract: "Serve a model over HTTP, with a page to try it on.",
        discussion: """
            Listens on this machine only, unless --host says otherwise; then it requires --keys (see 'foldin keys') or --open. The model is reloaded \
            when its file changes, on SIGHUP and on POST /v1/models:reload; a bad file leaves the old model in service. Keys and certificate are \
            reloaded when their files change and on SIGHUP. After SIGTERM, requests that have arrived are answered. The log has one JSON object \
            per line on standard error. GET /openapi.json describes the interface.
            """)

    @Argument(
        help: ArgumentHelp("A model file, or the directory of a run.", valueName: "model"),
        completion: .file(extensions: ["safetensors"]))
    var model: String
    @Option(help: ArgumentHelp("The address to listen on.", valueName: "address")) var host = "127.0.0.1"
    @Option(help: ArgumentHelp("The port; 0 for any that is free.", valueName: "n")) var port = 8080
    @Option(help: ArgumentHelp("A key file: requests need one of its API keys.", valueName: "file"), completion: .file())
    var keys: String?
    @Flag(help: "Let everybody who can reach the address use the service, without keys.") var open = false
    @Option(
        help: ArgumentHelp(
            "Serve TLS with this certificate: a PEM file, the service's own certificate first, then its chain.", valueName: "file"
        ), completion: .file())
    var tlsCertificate: String?
    @Option(help: ArgumentHelp("The private key of the certificate, a PEM file.", valueName: "file"), completion: .file())
    var tlsKey: String?
    @Option(
        help: ArgumentHelp("A database to store events in; created when it does not exist.", valueName: "file"),
        completion: .file())
    var events: String?
    @Option(
        help: ArgumentHelp(
            "Ratings at or below this are stored but are not likes. (default: the threshold of 'foldin prepare', which the model file has)",
            valueName: "rating")
    )
    var likedAbove: Double?
    @Option(help: ArgumentHelp("Events to keep of each user; of more, the oldest are removed.", valueName: "n"))
    var maxEventsPerUser = 100_000
    @Option(
        help: ArgumentHelp(
            "Remove events that are older, by their time: 400d for days, 12h for hours. (default: keep all)",
            valueName: "age")
    )
    var keepEvents: EventAge?
    @Option(help: ArgumentHelp("Previous models to keep in memory, for POST /v1/models:rollback.", valueName: "n"))
    var keepModels = 1
    @Option(
        help: ArgumentHelp("A second model, which serves a share of the users.", valueName: "model"),
        completion: .file(extensions: ["safetensors"]))
    var candidate: String?
    @Option(help: ArgumentHelp("The share of users that the second model serves.", valueName: "share")) var candidateShare = 0.5
    @Option(
        help: ArgumentHelp(
            "Histories scored per second for each client, and other requests per second. (default: any number)", valueName: "n"))
    var rate: Double?
    @Option(help: ArgumentHelp("The most bytes of a request's body.", valueName: "n")) var maxBody = 1 << 20
    @Option(help: ArgumentHelp("Connections that may be open. (default: 10000, or what 'ulimit -n' allows)", valueName: "n"))
    var maxConnections: Int?
    @Option(help: ArgumentHelp("Connections that one address may have open. (default: half of all)", valueName: "n"))
    var maxConnectionsPerAddress: Int?
    @Option(
        help: ArgumentHelp(
            "Bytes of requests and replies buffered at once; past it the reply is 503. (default: 256 MiB, or an eighth of the memory)",
            valueName: "n"))
    var maxBuffered: Int?
    @Option(help: ArgumentHelp("Seconds that requests which have arrived may take after SIGTERM.", valueName: "s"))
    var drainTime =
        30.0
    @Option(help: ArgumentHelp("Milliseconds that a request waits for others, to be scored with them.", valueName: "ms"))
    var batchDelay =
        1.0
    @Option(help: ArgumentHelp("Histories scored together at most.", valueName: "n")) var batchSize = 64
    @Option(help: ArgumentHelp("Histories that may wait; past it the reply is 503.", valueName: "n")) var queueSize = 512
    @Option(help: ArgumentHelp("The lowest level to log: debug, info, warning or error.", valueName: "level")) var logLevel:
        LogLevel =
            .info
    @OptionGroup var work: WorkerOptions

    func validate() throws {
        if maxBody < 1 { throw ValidationError("--max-body: found \(maxBody); expected at least 1") }
        if !(0..<1_000).contains(batchDelay) { throw ValidationError("--batch-delay: found \(batchDelay); expected 0 to 999") }
        if !(0...86_400).contains(drainTime) { throw ValidationError("--drain-time: found \(drainTime); expected 0 to 86400") }
        if (tlsCertificate == nil) != (tlsKey == nil) {
            throw ValidationError("found one of --tls-certificate and --tls-key; expected both or none")
        }
    }

    /// Both files of TLS; nil when none is given.
    private var certificate: (chain: String, key: String)? {
        tlsCertificate.flatMap { chain in tlsKey.map { (chain, $0) } }
    }

    func run() async throws {
        var configuration = ServiceConfiguration(model: TrainedModel.path(of: model))
        configuration.host = host
        configuration.port = port
        configuration.keys = keys
        configuration.isOpen = open
        configuration.certificate = certificate
        configuration.events = events.map { .sqlite($0) }
        configuration.likedAbove = likedAbove
        configuration.eventsPerUser = maxEventsPerUser
        configuration.eventAge = keepEvents?.duration
        configuration.keptModels = keepModels
        configuration.candidate = candidate.map { (TrainedModel.path(of: $0), candidateShare) }
        configuration.rate = rate
        configuration.limits.bodyBytes = maxBody
        configuration.maxConnections = maxConnections
        configuration.maxConnectionsPerAddress = maxConnectionsPerAddress
        configuration.maxBuffered = maxBuffered
        configuration.drainTime = .milliseconds(Int(drainTime * 1_000))
        configuration.batchDelay = .microseconds(Int(batchDelay * 1_000))
        configuration.batchSize = batchSize
        configuration.queueSize = queueSize
        configuration.threads = work.threads
        let level = logLevel.level
        let logger = Logger(label: "foldin") { _ in JSONLogHandler(level: level) }
        let host = host.contains(":") ? "[\(host)]" : host
        let result: Result<Void, any Error>
        do {
            let server = try await FoldinServer(configuration, logger: logger)
            try await server.run { port in
                if Console.isWatched {
                    Console.note("serving on \(certificate == nil ? "http" : "https")://\(host):\(port)/ (Ctrl-C to stop)")
                }
            }
            result = .success(())
        } catch { result = .failure(error) }
        await LogQueue.standardError.flush()
        try result.get()
    }
}

/// The value of `--keep-events`: a whole number of days or hours.
struct EventAge: ExpressibleByArgument {
    let duration: Duration

    init?(argument: String) {
        guard let unit = argument.last, let seconds = ["d": 86_400, "h": 3_600][unit], let count = Int(argument.dropLast()),
            (1...24_000_000).contains(count)
        else { return nil }
        duration = .seconds(count * seconds)
    }
}

/// The value of `--log-level`.
enum LogLevel: String, ExpressibleByArgument, CaseIterable {
    case debug, info, warning, error

    var level: Logger.Level { Logger.Level(rawValue: rawValue) ?? .info }
}
#endif
