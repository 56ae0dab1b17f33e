import Hummingbird
import Logging
import NIOCore

/// What is known of a request beside its message.
struct ServiceContext: RequestContext {
    struct Source: RequestContextSource {
        let logger: Logger
        let exchange: Exchange
    }

    var coreContext: CoreRequestContextStorage
    let exchange: Exchange
    /// Chosen by the client when it sent a decent `X-Request-ID`; in every reply and every line of the log.
    var requestId: String
    /// What the caller's key allows; everything when no keys are configured, nil without a known key.
    var scope: Scope?
    /// Takes what a request costs beyond one that asks for a single history, where there is a limit; throws `Problem` when the client may
    /// not ask for as much now.
    var charge: @Sendable (_ cost: Int) throws -> Void = { _ in }

    var channel: any Channel { exchange.channel }

    init(source: Source) {
        coreContext = CoreRequestContextStorage(source: source)
        exchange = source.exchange
        requestId = RequestID().description
    }
}
