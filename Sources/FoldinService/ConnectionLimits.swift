import FoldinInteractions

/// How many connections the service takes, of all clients and of one.
struct ConnectionLimits: Sendable, Equatable {
    /// Connections that may ask for everything.
    var total: Int
    /// The same of one address.
    var perAddress: Int
    /// Connections beyond these, which may ask for `/health/` alone.
    var health = 32
    /// Sockets that are being closed.
    var closing = 32

    /// All sockets that may be open at once.
    var sockets: Int { total + health + closing }

    /// The limits for a process that may open `limit` descriptors, of which `open` are in use.
    ///
    /// Descriptors are kept back for the files of models, the database, the log, the loops of events and the system library.
    ///
    /// - Throws: `FoldinError` of kind `usage` when the system's limit is too low for what is asked for.
    init(asked: Int?, perAddress: Int?, limit: Int, open: Int, loops: Int) throws {
        let kept = open + 64 + 4 * loops
        let least = 16
        total = asked ?? 10_000
        self.perAddress = 0
        let room = limit - kept - health - closing
        guard room >= min(least, total) else {
            throw FoldinError(
                .usage, found: "a limit of \(limit) open files",
                expected: "at least \(kept + health + closing + least) ('ulimit -n', or LimitNOFILE of systemd)")
        }
        if let asked, asked > room {
            throw FoldinError(
                .usage, found: "--max-connections \(asked) with a limit of \(limit) open files",
                expected: "at most \(room), or a limit of at least \(kept + health + closing + asked)")
        }
        total = min(total, room)
        self.perAddress = min(total, perAddress ?? max(1, total / 2))
    }

    init(total: Int, perAddress: Int) {
        (self.total, self.perAddress) = (total, perAddress)
    }
}
