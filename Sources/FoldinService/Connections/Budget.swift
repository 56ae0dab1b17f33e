import Synchronization

/// The bytes of requests and replies that the service holds for its connections, with one limit for all of them.
///
/// Whoever takes bytes gives back as many.
final class Budget: Sendable {
    /// What one client holds of the budget.
    final class Share: Sendable {
        fileprivate let used = Atomic<Int>(0)
    }

    let limit: Int
    private let used = Atomic<Int>(0)

    init(limit: Int) { self.limit = limit }

    /// Bytes that are held now.
    var held: Int { used.load(ordering: .relaxed) }

    /// Takes `count` bytes; false, and none are taken, when that would be more than the limit, or more than half of it for one client.
    func take(_ count: Int, for share: Share) -> Bool {
        let all = used.wrappingAdd(count, ordering: .relaxed).newValue
        let own = share.used.wrappingAdd(count, ordering: .relaxed).newValue
        if all <= limit, own <= limit / 2 { return true }
        give(count, of: share)
        return false
    }

    func give(_ count: Int, of share: Share) {
        used.wrappingSubtract(count, ordering: .relaxed)
        share.used.wrappingSubtract(count, ordering: .relaxed)
    }
}
