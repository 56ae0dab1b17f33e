import ArgumentParser
import Foldin
import FoldinService
import Logging

/// `foldin serve`: a model over HTTP.
struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve", abstract: "Serve a model over HTTP, with a page to try it on.",
        discussion: """
            Listens on this machine only, unless --host says otherwise; then it wants --keys (see 'foldin keys') or --open. The model is loaded \
            anew when its file changes, on SIGHUP and on POST /v1/models:reload; a bad file leaves the old model serving. Keys and certificate are \
            read anew when their files change and on SIGHUP. SIGTERM \
            lets what has come in be answered. The log is a JSON object a line on standard error. GET /openapi.json describes the interface.
            """)

    @Argument(help: ArgumentHelp("A model file, or the directory of a run.", valueName: "model")) var model: String
    @Option(help: ArgumentHelp("The address to listen on.", valueName: "address")) var host = "127.0.0.1"
    @Option(help: ArgumentHelp("The port; 0 for any that is free.", valueName: "n")) var port = 8080
    @Option(help: ArgumentHelp("A key file: clients need one of its API keys.", valueName: "file")) var keys: String?
    @Flag(help: "Let everybody who reaches the address use the service, without keys.") var open = false
    @Option(help: ArgumentHelp("Speak TLS with this certificate, PEM text, its chain behind it.", valueName: "file"))
    var tlsCertificate: String?
    @Option(help: ArgumentHelp("The private key of the certificate, PEM text.", valueName: "file")) var tlsKey: String?
    @Option(help: ArgumentHelp("A database of what people like, made when it is not there.", valueName: "file")) var events:
        String?
    @Option(
        help: ArgumentHelp(
            "Ratings at or below this are kept but are no likes. (default: that of 'foldin prepare', which the model remembers)",
            valueName: "rating")
    )
    var likedAbove: Double?
    @Option(help: ArgumentHelp("Events to keep of each user; of more the oldest go.", valueName: "n"))
    var maxEventsPerUser = 100_000
    @Option(
        help: ArgumentHelp(
            "Remove events that are older, by their time: 400d for days, 12h for hours. (default: keep them for ever)",
            valueName: "age")
    )
    var keepEvents: EventAge?
    @Option(help: ArgumentHelp("Models served before to keep in memory, for POST /v1/models:rollback.", valueName: "n"))
    var keepModels = 1
    @Option(help: ArgumentHelp("A second model to answer a share of the users.", valueName: "model")) var candidate: String?
    @Option(help: ArgumentHelp("The share of users the second model answers.", valueName: "share")) var candidateShare = 0.5
    @Option(
        help: ArgumentHelp(
            "Histories scored per second for each client, and other requests. (default: any number)", valueName: "n")) var rate:
        Double?
    @Option(help: ArgumentHelp("Bytes a request's body may have.", valueName: "n")) var maxBody = 1 << 20
    @Option(help: ArgumentHelp("Connections that may be open. (default: 10000, or what 'ulimit -n' leaves)", valueName: "n"))
    var maxConnections: Int?
    @Option(help: ArgumentHelp("Connections that one address may have open. (default: half of all)", valueName: "n"))
    var maxConnectionsPerAddress: Int?
    @Option(
        help: ArgumentHelp(
            "Bytes of requests and replies held at once; past it the answer is 503. (default: 256 MiB, or an eighth of the memory)",
            valueName: "n"))
    var maxBuffered: Int?
    @Option(help: ArgumentHelp("Seconds that requests which have come in may take at the end.", valueName: "s")) var drainTime =
        30.0
    @Option(help: ArgumentHelp("Milliseconds a request waits for others to be scored with.", valueName: "ms")) var batchDelay =
        1.0
    @Option(help: ArgumentHelp("Histories scored together at most.", valueName: "n")) var batchSize = 64
    @Option(help: ArgumentHelp("Histories that may wait; past it the answer is 503.", valueName: "n")) var queueSize = 512
    @Option(help: ArgumentHelp("The least to log: debug, info, warning or error.", valueName: "level")) var logLevel: LogLevel =
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

    /// Both files or none.
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
        configuration.events = events
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
            try await FoldinServer(configuration, logger: logger).run { port in
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

/// What `--keep-events` takes: a whole number of days or hours.
struct EventAge: ExpressibleByArgument {
    let duration: Duration

    init?(argument: String) {
        guard let unit = argument.last, let seconds = ["d": 86_400, "h": 3_600][unit], let count = Int(argument.dropLast()),
            (1...24_000_000).contains(count)
        else { return nil }
        duration = .seconds(count * seconds)
    }
}

/// What `--log-level` takes.
enum LogLevel: String, ExpressibleByArgument, CaseIterable {
    case debug, info, warning, error

    var level: Logger.Level { Logger.Level(rawValue: rawValue) ?? .info }
}
