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

    /// - Parameter rate: requests a second, above 0.
    init(rate: Double) {
        self.rate = rate
        depth = max(1, 2 * rate)
    }

    /// Takes a token of `client`'s; without one, the whole seconds after which there will be one.
    func refusal(for client: String, now: ContinuousClock.Instant = .now) -> Int? {
        buckets.withLockedValue { buckets in
            // Full buckets say nothing that a new one would not: dropping them bounds the table.
            if buckets.count > 10_000 { buckets = buckets.filter { tokens(in: $0.value, at: now) < depth } }
            if buckets.count > 100_000 { buckets = [:] }
            var bucket = buckets[client] ?? Bucket(tokens: depth, filled: now)
            bucket = Bucket(tokens: tokens(in: bucket, at: now), filled: now)
            defer { buckets[client] = bucket }
            guard bucket.tokens >= 1 else { return max(1, Int(((1 - bucket.tokens) / rate).rounded(.up))) }
            bucket.tokens -= 1
            return nil
        }
    }

    private func tokens(in bucket: Bucket, at now: ContinuousClock.Instant) -> Double {
        let seconds = (now - bucket.filled) / .seconds(1)
        return min(depth, bucket.tokens + seconds * rate)
    }
}
