import FoldinInteractions
import FoldinKernels
import Foundation

/// How a service is to run.
public struct ServiceConfiguration: Sendable {
    /// What one request may ask for.
    public struct Limits: Sendable {
        /// Bytes of a body.
        public var bodyBytes = 1 << 20
        /// How long a body may take to arrive.
        public var bodyTime = Duration.seconds(10)
        /// Bytes of a request's line and headers.
        public var headBytes = 1 << 15
        /// How long a connection may wait for the whole head of its next request.
        public var idleTime = Duration.seconds(30)
        /// How long a client may take to receive a reply; a second more for each 64 KiB.
        public var replyTime = Duration.seconds(30)
        /// Items of a reply.
        public var top = 1_000
        /// Items that a reply may pass over.
        public var offset = 100_000
        /// Ids in a history, an exclusion or a permission; items of a stored history that are used.
        public var ids = 10_000
        /// Histories of a batch.
        public var batch = 256
        /// Ids of a history that is explained, and items that are.
        public var explained = 500
        /// Reasons in a reply of explanations.
        public var reasons = 25_000
        /// Events of a request.
        public var events = 1_000
        /// The latest events of a user that a history is made of.
        public var historyEvents = 20_000
        /// Unicode code points of a user's id, and of an event's item.
        public var idLength = 256

        public init() {}
    }

    /// The address to listen on, by number or name.
    public var host = "127.0.0.1"
    /// The port; 0 for any that is free.
    public var port = 8080
    /// The model file.
    public var model: String
    /// A second model file and the share of people it answers, above 0 and at most 1.
    public var candidate: (path: String, share: Double)?
    /// The key file; nil for no keys.
    public var keys: String?
    /// Files of PEM text for TLS: the certificate, with those that vouch for it, and its private key; nil for none.
    public var certificate: (chain: String, key: String)?
    /// Whether to listen beyond this machine without keys.
    public var isOpen = false
    /// The database of events; nil to keep none.
    public var events: String?
    /// A rating at or below this is kept, but is no like: its item is no part of a history, and is not recommended.
    ///
    /// When nil, the threshold that the model's data was prepared with, as the model was when the service began; where there is none, every
    /// event is a like but one with a negative rating. The last event of a user and an item decides.
    public var likedAbove: Double?
    /// Events that are kept of each user; of more the oldest go.
    public var eventsPerUser = 100_000
    /// How old a kept event may become by its time, before it is removed; nil for any age.
    public var eventAge: Duration?
    /// How many models that were served before stay in memory, to go back to.
    public var keptModels = 1
    /// Histories that are scored for each client per second, and requests that score none; nil for any number.
    public var rate: Double?
    /// How long the first request waits for company to be scored with, below a second.
    public var batchDelay = Duration.milliseconds(1)
    /// Histories scored together at most.
    public var batchSize = 64
    /// Histories that may wait to be scored.
    public var queueSize = 512
    /// How often the model's file is looked at; nil for never.
    public var watch: Duration? = .milliseconds(500)
    /// Threads for the arithmetic; all processors when nil.
    public var threads: Int?
    public var limits = Limits()
    /// Connections that may be open; when nil 10,000, or what the system's limit on open files leaves.
    public var maxConnections: Int?
    /// The same of one address; half of all when nil.
    public var maxConnectionsPerAddress: Int?
    /// Bytes of requests and replies that are held at once; when nil 256 MiB, or an eighth of the memory where that is less.
    public var maxBuffered: Int?
    /// How long the end may take: requests that have come in are answered meanwhile.
    public var drainTime = Duration.seconds(30)

    public init(model: String) { self.model = model }

    /// Whether only this machine can reach the address.
    public var isLoopback: Bool { NetworkAddress.isLoopback(host) }

    /// `maxBuffered`, or its default.
    var bufferedBytes: Int { maxBuffered ?? min(1 << 28, SystemMemory.total / 8) }

    /// Fails when the database of events is a file that the service reads.
    func refuseOverlap() throws {
        guard let events else { return }
        let inputs: [(path: String?, name: String)] = [
            (model, "the model"), (candidate?.path, "the second model"), (keys, "the key file"),
            (certificate?.chain, "the certificate"), (certificate?.key, "the private key"),
        ]
        for part in EventStore.inputs(of: events) {
            try Overlap.refuse(
                part.path, over: inputs.compactMap { input in input.path.map { Overlap.Input($0, input.name) } })
        }
    }

    /// Checks what can be checked without opening anything.
    ///
    /// - Throws: `FoldinError` of kind `usage`.
    public func validate() throws {
        func require(_ holds: Bool, _ found: String, _ expected: String, _ reason: FoldinError.Reason? = nil) throws {
            if !holds { throw FoldinError(.usage, found: found, expected: expected, reason: reason) }
        }
        try require(
            isLoopback || keys != nil || isOpen, "the address \(host), which other machines reach, and no API keys",
            "API keys, or the explicit permission for everybody to use this service", .keysNeeded)
        try require((0...65_535).contains(port), "port \(port)", "0 to 65535")
        try require(rate.map { $0 > 0 && $0.isFinite } ?? true, "\(rate ?? 0) requests a second", "more than 0")
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
        // One client may hold half, and a body is still there when its reply is written.
        try require(
            bufferedBytes / 4 >= limits.bodyBytes, "\(bufferedBytes) bytes to hold at once and bodies of \(limits.bodyBytes)",
            "at least four bodies")
        try require(drainTime >= .zero, "an end that takes \(drainTime)", "0 or more seconds")
        try require(batchDelay >= .zero && batchDelay < .seconds(1), "a delay of \(batchDelay)", "less than a second")
    }
}
