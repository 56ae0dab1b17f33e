#if Service
import FoldinInteractions
import FoldinKernels
import FoldinSupport
import Foundation

/// How a service runs: where it listens, which models it serves, and its limits.
public struct ServiceConfiguration: Sendable {
    /// What one request may ask for, and how long a client may take.
    public struct Limits: Sendable {
        /// Bytes of a request's body.
        public var bodyBytes = 1 << 20
        /// How long a body may take to arrive.
        public var bodyTime = Duration.seconds(10)
        /// Bytes of a request's line and headers.
        public var headBytes = 1 << 15
        /// How long a connection may wait for the whole head of its next request.
        public var idleTime = Duration.seconds(30)
        /// How long a client may take to receive a reply; a second more for each 64 KiB.
        public var replyTime = Duration.seconds(30)
        /// Items in a reply.
        public var top = 1_000
        /// Items that a reply may skip.
        public var offset = 100_000
        /// Ids in each of the lists `history`, `exclude` and `allow`; items of a stored history that are used.
        public var ids = 10_000
        /// Requests in a batch.
        public var batch = 256
        /// Ids in each of the lists `history` and `items` of a request for explanations.
        public var explained = 500
        /// Reasons in a reply with explanations.
        public var reasons = 25_000
        /// Events in a request.
        public var events = 1_000
        /// The latest events of a user that a stored history is made of.
        public var historyEvents = 20_000
        /// Unicode code points of a user's id, and of an event's item.
        public var idLength = 256

        /// The default limits.
        public init() {}
    }

    /// The address to listen on, as an IP address or a name.
    public var host = "127.0.0.1"
    /// The port to listen on; 0 for any that is free.
    public var port = 8080
    /// The model file.
    public var model: String
    /// A second model file and the share of users that it serves, above 0 and at most 1.
    public var candidate: (path: String, share: Double)?
    /// The file of API keys, see ``KeyRing``; nil when requests need no key.
    public var keys: String?
    /// PEM files for TLS: the certificate chain, the service's own certificate first, and its private key; nil for plain HTTP.
    public var certificate: (chain: String, key: String)?
    /// Whether requests from other machines need no key.
    public var isOpen = false
    /// Where events are stored, such as `.sqlite(path)`; nil to store none.
    public var events: EventStorage?
    /// A rating at or below this is stored, but is not a like: its item is not part of a history, and is not recommended.
    ///
    /// When nil, the threshold that the data of the model was prepared with, as the model was when the service began. Without such a threshold
    /// every event is a like, except one with a negative rating. The last event of a user and an item decides.
    public var likedAbove: Double?
    /// Events that are stored of each user; of more, the oldest are removed.
    public var eventsPerUser = 100_000
    /// Events whose time is older than this are removed; nil to keep events of any age.
    public var eventAge: Duration?
    /// How many previous models stay in memory for a rollback.
    public var keptModels = 1
    /// Histories that are scored per second for each client, and requests that score none; nil for any number.
    public var rate: Double?
    /// How long the first request waits for others to be scored with it in a batch, below a second.
    public var batchDelay = Duration.milliseconds(1)
    /// Histories in a batch at most.
    public var batchSize = 64
    /// Histories that may wait to be scored; past it requests are refused.
    public var queueSize = 512
    /// How often the files of models, keys and certificate are checked for changes; nil for never.
    public var watch: Duration? = .milliseconds(500)
    /// Threads for scoring; all processors when nil.
    public var threads: Int?
    /// What one request may ask for.
    public var limits = Limits()
    /// Connections that may be open; when nil 10,000, or what the system's limit on open files allows.
    public var maxConnections: Int?
    /// Connections that one address may have open; half of all when nil.
    public var maxConnectionsPerAddress: Int?
    /// Bytes of requests and replies that are buffered at once; when nil 256 MiB, or an eighth of the memory where that is less.
    public var maxBuffered: Int?
    /// How long the shutdown may take; requests that have arrived are answered meanwhile.
    public var drainTime = Duration.seconds(30)

    /// A configuration with the defaults and the model file `model`.
    public init(model: String) { self.model = model }

    /// Whether only this machine can reach the address: `localhost`, 127.0.0.0/8 or ::1.
    public var isLoopback: Bool { NetworkAddress.isLoopback(host) }

    /// `maxBuffered`, or its default.
    var bufferedBytes: Int { maxBuffered ?? min(1 << 28, SystemMemory.total / 8) }

    /// Fails when a file of the store of events is a file that the service reads.
    ///
    /// - Throws: `FoldinError` of kind `usage`.
    func refuseOverlap() throws {
        guard let events else { return }
        let inputs: [(path: String?, name: String)] = [
            (model, "the model"), (candidate?.path, "the second model"), (keys, "the key file"),
            (certificate?.chain, "the certificate"), (certificate?.key, "the private key"),
        ]
        for part in events.files {
            try Overlap.refuse(
                part.path, over: inputs.compactMap { input in input.path.map { Overlap.Input($0, input.name) } })
        }
    }

    /// Checks everything that can be checked without opening a file.
    ///
    /// - Throws: `FoldinError` of kind `usage` for the first invalid setting.
    public func validate() throws {
        func require(_ holds: Bool, _ found: String, _ expected: String, _ reason: FoldinError.Reason? = nil) throws {
            if !holds { throw FoldinError(.usage, found: found, expected: expected, reason: reason) }
        }
        try require(
            isLoopback || keys != nil || isOpen, "the address \(host), which other machines reach, and no API keys",
            "API keys, or the explicit permission for everybody to use this service", .keysNeeded)
        try require((0...65_535).contains(port), "port \(port)", "0 to 65535")
        try require(rate.map { $0 > 0 && $0.isFinite } ?? true, "\(rate ?? 0) requests per second", "more than 0")
        try require(likedAbove?.isFinite ?? true, "the rating threshold \(likedAbove ?? 0)", "a number")
        try require(
            likedAbove == nil || events != nil, "a rating threshold for a service that stores no events",
            "a store of events, or no threshold", .thresholdWithoutEvents)
        try require((1...1_000_000_000).contains(eventsPerUser), "\(eventsPerUser) events of a user", "1 to 1000000000")
        try require(
            eventAge.map { (.seconds(1)...(.seconds(1_000_000 * 86_400))).contains($0) } ?? true,
            "events kept for \(eventAge ?? .zero)", "a second to a million days")
        try require((0...100).contains(keptModels), "\(keptModels) models to keep in memory", "0 to 100")
        try require(
            candidate.map { $0.share > 0 && $0.share <= 1 } ?? true, "a share of \(candidate?.share ?? 0)",
            "more than 0, at most 1")
        try require(
            (1...1_000_000).contains(batchSize) && queueSize >= batchSize, "batches of \(batchSize), a queue of \(queueSize)",
            "batches of 1 to 1000000, a queue of at least a batch")
        let connections = 1...10_000_000
        try require(
            maxConnections.map(connections.contains) ?? true, "\(maxConnections ?? 0) connections",
            "1 to \(connections.upperBound)")
        try require(
            maxConnectionsPerAddress.map(connections.contains) ?? true,
            "\(maxConnectionsPerAddress ?? 0) connections per address", "1 to \(connections.upperBound)")
        try require(limits.bodyBytes > 0, "bodies of \(limits.bodyBytes) bytes", "at least 1")
        // One client may have half of the bytes, and a body is still buffered when its reply is written.
        try require(
            bufferedBytes / 4 >= limits.bodyBytes, "\(bufferedBytes) bytes to buffer at once and bodies of \(limits.bodyBytes)",
            "at least four bodies")
        try require(drainTime >= .zero, "a shutdown of \(drainTime)", "0 or more seconds")
        try require(batchDelay >= .zero && batchDelay < .seconds(1), "a delay of \(batchDelay)", "less than a second")
    }
}
#endif
