#if Service
import Synchronization

/// Limits the bytes of requests and replies that the service buffers for all connections together.
///
/// Bytes that were taken must be released.
final class Budget: Sendable {
    /// The bytes that one client holds.
    final class Share: Sendable {
        fileprivate let used = Atomic<Int>(0)
    }

    let limit: Int
    private let used = Atomic<Int>(0)

    init(limit: Int) { self.limit = limit }

    /// The bytes that all clients hold.
    var held: Int { used.load(ordering: .relaxed) }

    /// Takes `count` bytes. Returns false and takes none if that would exceed the limit, or half of it for one client.
    func take(_ count: Int, for share: Share) -> Bool {
        let all = used.wrappingAdd(count, ordering: .relaxed).newValue
        let own = share.used.wrappingAdd(count, ordering: .relaxed).newValue
        if all <= limit, own <= limit / 2 { return true }
        release(count, of: share)
        return false
    }

    /// Releases `count` bytes.
    func release(_ count: Int, of share: Share) {
        used.wrappingSubtract(count, ordering: .relaxed)
        share.used.wrappingSubtract(count, ordering: .relaxed)
    }
}
#endif
