#if Service
import Hummingbird
import Logging
import NIOCore

/// The state of a request while it is answered.
struct ServiceContext: RequestContext {
    struct Source: RequestContextSource {
        let logger: Logger
        let exchange: Exchange
    }

    var coreContext: CoreRequestContextStorage
    let exchange: Exchange
    /// The id in the reply and in the log: a valid `X-Request-ID` of the client, or a random one.
    var requestId: String
    /// What the API key of the request allows; everything when no keys are configured, nil without a known key.
    var scope: Scope?
    /// Charges the rate limit, if there is one, for the cost of a request beyond that of one history. Throws `Problem` when the client exceeds
    /// its rate.
    var charge: @Sendable (_ cost: Int) throws -> Void = { _ in }

    var channel: any Channel { exchange.channel }

    init(source: Source) {
        coreContext = CoreRequestContextStorage(source: source)
        exchange = source.exchange
        requestId = RequestID().description
    }
}
#endif
