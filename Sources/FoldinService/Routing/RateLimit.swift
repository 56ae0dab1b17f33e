#if Service
import NIOConcurrencyHelpers

/// Limits the rate of requests of each client: a token bucket per client, which holds the tokens of two seconds.
final class RateLimit: Sendable {
    private struct Bucket {
        var tokens: Double
        var filled: ContinuousClock.Instant
    }

    /// Tokens per second.
    let rate: Double
    private let depth: Double
    private let buckets = NIOLockedValueBox<[String: Bucket]>([:])

    /// The longest wait that a reply states, in seconds.
    private static let longestWait = 86_400.0

    /// A limit with full buckets.
    ///
    /// - Parameter rate: requests per second, above 0.
    init(rate: Double) {
        // Neither a quotient nor a product of these is infinite.
        self.rate = rate.isFinite ? min(max(rate, 1e-9), 1e12) : 1
        depth = max(1, 2 * self.rate)
    }

    /// Takes a token of `client`. If there is none, returns the whole seconds until there is one.
    func refusal(for client: String, now: ContinuousClock.Instant = .now) -> Int? {
        take(1, of: client, ifThereAre: 1, now: now)
    }

    /// Takes the cost of a request beyond its first token. If there are not enough tokens, returns the whole seconds until there are. A cost
    /// above the size of the bucket takes all of it and the tokens that are added afterwards.
    func refusal(for client: String, furtherCost cost: Int, now: ContinuousClock.Instant = .now) -> Int? {
        guard cost > 0 else { return nil }
        return take(Double(cost), of: client, ifThereAre: min(Double(cost), depth - 1), now: now)
    }

    private func take(
        _ cost: Double, of client: String, ifThereAre needed: Double, now: ContinuousClock.Instant
    ) -> Int? {
        buckets.withLockedValue { buckets in
            // A full bucket is the same as a new one. Removing those limits the size of the table.
            if buckets.count > 10_000 { buckets = buckets.filter { tokens(in: $0.value, at: now) < depth } }
            if buckets.count > 100_000 { buckets = [:] }
            var bucket = buckets[client] ?? Bucket(tokens: depth, filled: now)
            bucket = Bucket(tokens: tokens(in: bucket, at: now), filled: now)
            defer { buckets[client] = bucket }
            guard bucket.tokens >= needed else {
                // The next attempt costs one token to begin with.
                let missing = needed - bucket.tokens + (cost > 1 ? 1 : 0)
                return Int(max(1, min(RateLimit.longestWait, (missing / rate).rounded(.up))))
            }
            bucket.tokens -= cost
            return nil
        }
    }

    private func tokens(in bucket: Bucket, at now: ContinuousClock.Instant) -> Double {
        let seconds = (now - bucket.filled) / .seconds(1)
        return min(depth, bucket.tokens + seconds * rate)
    }
}
#endif
