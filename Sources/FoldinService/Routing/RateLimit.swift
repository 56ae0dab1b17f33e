import NIOConcurrencyHelpers

/// How often each client may ask: a bucket of tokens a client, filled at a steady rate, two seconds' worth deep.
final class RateLimit: Sendable {
    private struct Bucket {
        var tokens: Double
        var filled: ContinuousClock.Instant
    }

    /// Tokens a second.
    let rate: Double
    private let depth: Double
    private let buckets = NIOLockedValueBox<[String: Bucket]>([:])

    /// The longest wait that is told, in seconds.
    private static let longestWait = 86_400.0

    /// - Parameter rate: requests a second, above 0.
    init(rate: Double) {
        // Neither a quotient nor a product of these is infinite.
        self.rate = rate.isFinite ? min(max(rate, 1e-9), 1e12) : 1
        depth = max(1, 2 * self.rate)
    }

    /// Takes a token of `client`'s; without one, the whole seconds after which there will be one.
    func refusal(for client: String, now: ContinuousClock.Instant = .now) -> Int? {
        take(1, of: client, ifThereAre: 1, now: now)
    }

    /// Takes what a request costs beyond the token that it was let in for; when there is not as much, the whole seconds after which there will
    /// be. What costs more than the bucket holds takes all of it and what comes in afterwards.
    func refusal(for client: String, furtherCost cost: Int, now: ContinuousClock.Instant = .now) -> Int? {
        guard cost > 0 else { return nil }
        return take(Double(cost), of: client, ifThereAre: min(Double(cost), depth - 1), now: now)
    }

    private func take(
        _ cost: Double, of client: String, ifThereAre needed: Double, now: ContinuousClock.Instant
    ) -> Int? {
        buckets.withLockedValue { buckets in
            // Full buckets say nothing that a new one would not: dropping them bounds the table.
            if buckets.count > 10_000 { buckets = buckets.filter { tokens(in: $0.value, at: now) < depth } }
            if buckets.count > 100_000 { buckets = [:] }
            var bucket = buckets[client] ?? Bucket(tokens: depth, filled: now)
            bucket = Bucket(tokens: tokens(in: bucket, at: now), filled: now)
            defer { buckets[client] = bucket }
            guard bucket.tokens >= needed else {
                // The next try costs a token to be let in.
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
