#if Service
import FoldinInteractions
import FoldinSupport

/// How many connections the service accepts, from all clients and from one.
struct ConnectionLimits: Sendable, Equatable {
    /// Connections that may make any request.
    var total: Int
    /// Of these, connections from one address.
    var perAddress: Int
    /// Further connections, which may request `/health/` only.
    var health = 32
    /// Further sockets, which are being closed.
    var closing = 32

    /// All sockets that may be open at once.
    var sockets: Int { total + health + closing }

    /// The limits for a process that may open `limit` descriptors, of which `open` are in use.
    ///
    /// Some descriptors are reserved for the files of models, the database, the log, the event loops and the system library.
    ///
    /// - Throws: `FoldinError` of kind `usage` when the system's limit is too low for the `requested` number of connections.
    init(requested: Int?, perAddress: Int?, limit: Int, open: Int, loops: Int) throws {
        let reserved = open + 64 + 4 * loops
        let least = 16
        total = requested ?? 10_000
        self.perAddress = 0
        let available = limit - reserved - health - closing
        guard available >= min(least, total) else {
            throw FoldinError(
                .usage, found: "a limit of \(limit) open files", expected: "at least \(reserved + health + closing + least)",
                reason: .tooFewOpenFiles)
        }
        if let requested, requested > available {
            throw FoldinError(
                .usage, found: "\(requested) connections with a limit of \(limit) open files",
                expected: "at most \(available), or a limit of at least \(reserved + health + closing + requested)",
                reason: .tooManyConnections)
        }
        total = min(total, available)
        self.perAddress = min(total, perAddress ?? max(1, total / 2))
    }

    /// These limits.
    init(total: Int, perAddress: Int) {
        (self.total, self.perAddress) = (total, perAddress)
    }
}
#endif
