#if Service
import Logging
import Metrics
import NIOConcurrencyHelpers
import NIOCore

/// The open connections: enforces their limits, and closes them when the service ends.
///
/// A connection beyond a limit is accepted too, but may request `/health/` only. When there are too many of these, the oldest is closed.
final class Connections: Sendable {
    /// What a connection may request, and its client's share of the budget.
    struct Ticket: Sendable {
        let number: Int
        let client: NetworkAddress?
        let share: Budget.Share
        let isForHealthOnly: Bool
        /// Whether the shutdown had begun.
        let isTooLate: Bool
    }

    private struct Client {
        var count = 0
        let share = Budget.Share()
    }

    private struct State {
        var next = 0
        var open: [Int: Connection.Handle] = [:]
        /// How many of them may make any request.
        var general = 0
        var clients: [NetworkAddress?: Client] = [:]
        /// Those that may request `/health/` only, the oldest first.
        var health: [Int] = []
        var isFull = false
        /// The clients that have reached their limit, which was logged.
        var full: Set<NetworkAddress?> = []
        var isDraining = false
        var drained: EventLoopPromise<Void>?
    }

    let limits: ConnectionLimits
    private let logger: Logger
    private let refusedForAll, refusedForAddress: Counter
    private let state = NIOLockedValueBox(State())

    init(limits: ConnectionLimits, metrics: PrometheusRegistry, logger: Logger) {
        self.limits = limits
        self.logger = logger
        func counter(_ reason: String) -> Counter {
            Counter(label: "foldin_connections_refused_total", dimensions: [("reason", reason)], factory: metrics)
        }
        refusedForAll = counter("total")
        refusedForAddress = counter("address")
    }

    /// How many connections are open.
    var count: Int { state.withLockedValue { $0.open.count } }

    /// Registers a new connection of `client`.
    func open(_ handle: Connection.Handle, client: NetworkAddress?) -> Ticket {
        let client = client?.client
        let (ticket, evicted, message, isTotal) = state.withLockedValue { state in
            let number = state.next
            state.next += 1
            var known = state.clients[client] ?? Client()
            known.count += 1
            state.clients[client] = known
            state.open[number] = handle
            let isTotal = state.general >= limits.total
            let isPast = isTotal || known.count > limits.perAddress
            var evicted: Connection.Handle?
            var message: Logger.Message?
            if !isPast {
                state.general += 1
            } else {
                state.health.append(number)
                if state.health.count > limits.health { evicted = state.open[state.health.removeFirst()] }
                if isTotal, !state.isFull {
                    state.isFull = true
                    message = "connections full"
                } else if !isTotal, state.full.count < 1_000, state.full.insert(client).inserted {
                    message = "connections of an address full"
                }
            }
            let ticket = Ticket(
                number: number, client: client, share: known.share, isForHealthOnly: isPast, isTooLate: state.isDraining)
            return (ticket, evicted, message, isTotal)
        }
        if ticket.isForHealthOnly { (isTotal ? refusedForAll : refusedForAddress).increment() }
        evicted?.run { $0.evict() }
        if let message {
            logger.warning(
                message,
                metadata: ["limit": "\(isTotal ? limits.total : limits.perAddress)", "expected": "fewer; more are refused"])
        }
        return ticket
    }

    /// Removes a connection that is closed and has no work left.
    func close(_ ticket: Ticket) {
        let (drained, messages) = state.withLockedValue { state in
            state.open[ticket.number] = nil
            if ticket.isForHealthOnly {
                state.health.removeAll { $0 == ticket.number }
            } else {
                state.general -= 1
            }
            var messages: [Logger.Message] = []
            if var client = state.clients[ticket.client] {
                client.count -= 1
                state.clients[ticket.client] = client.count == 0 ? nil : client
                // Logged when the client is well below the limit, not at every change around it.
                if client.count <= limits.perAddress / 2, state.full.remove(ticket.client) != nil {
                    messages.append("connections of an address no longer full")
                }
            }
            if state.isFull, state.general <= limits.total / 2 {
                state.isFull = false
                messages.append("connections no longer full")
            }
            return (state.open.isEmpty ? state.drained.take() : nil, messages)
        }
        for message in messages { logger.warning(message) }
        drained?.succeed()
    }

    /// Makes every connection answer the requests that have arrived and then close. The future completes when all are closed.
    func drain(on loop: any EventLoop) -> EventLoopFuture<Void> {
        let promise = loop.makePromise(of: Void.self)
        let open = state.withLockedValue { state in
            state.isDraining = true
            if !state.open.isEmpty { state.drained = promise }
            return Array(state.open.values)
        }
        if open.isEmpty { promise.succeed() }
        for handle in open { handle.run { $0.drain() } }
        return promise.futureResult
    }

    /// Completes the future of `drain` although connections are open.
    func stopWaiting() { state.withLockedValue { $0.drained.take() }?.succeed() }

    /// Closes every connection at once. Returns how many there were.
    @discardableResult
    func cut() -> Int {
        let open = state.withLockedValue { Array($0.open.values) }
        for handle in open { handle.run { $0.hangUp() } }
        return open.count
    }
}
#endif
