#if Service
import HTTPTypes
import Hummingbird
import NIOCore

/// What all connections of a service share.
struct ConnectionSetting: Sendable {
    let connections: Connections
    let budget: Budget
    let queues = FairQueue.PerLoop()
    let limits: ServiceConfiguration.Limits
    let isSecure: Bool
    /// Answers a request with the router.
    let respond: @Sendable (Request, Exchange) async -> Reply
    /// Answers a request for `/health/` without the router; nil for other requests.
    let health: @Sendable (HTTPRequest) -> Reply?
    /// Refuses what does not reach the router.
    let refuse: @Sendable (Problem) -> Reply
}
#endif
