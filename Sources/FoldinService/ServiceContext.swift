import Hummingbird
import NIOCore

/// What is known of a request beside its message.
struct ServiceContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    let channel: any Channel
    /// Chosen by the client when it sent a decent `X-Request-ID`; in every reply and every line of the log.
    var requestId: String
    /// What the caller's key allows; everything when no keys are configured, nil without a known key.
    var scope: Scope?
    /// Set while the client waits with its body until it is told to go on.
    var expectation: Expectation?
    /// Takes what a request costs beyond one that asks for a single history, where there is a limit; throws `Problem` when the client may
    /// not ask for as much now.
    var charge: @Sendable (_ cost: Int) throws -> Void = { _ in }

    init(source: ApplicationRequestContextSource) {
        coreContext = CoreRequestContextStorage(source: source)
        channel = source.channel
        requestId = source.logger[metadataKey: "hb.request.id"]?.description ?? ""
    }
}
