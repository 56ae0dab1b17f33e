import FoldinInteractions
import FoldinKernels
import Foundation

/// A made-up ratings file of a given shape, for benchmarks and trials: popular items by Zipf's law, busy users log-normal.
///
/// Item `r` by popularity is drawn in proportion to 1/r; a user's number of different items is `mean * exp(z - 1/2)` for a
/// standard normal `z`, rounded, at least 1 and at most all items. Random bits come from SplitMix64 (Steele, Lea and Flood,
/// *Fast splittable pseudorandom number generators*, 2014), with a stream for each user that depends on the seed and the
/// user's number only: the file is the same for any number of threads.
public struct SyntheticRatings: Sendable {
    public let users: Int
    public let items: Int
    public let meanInteractions: Double
    public let seed: UInt64

    /// Throws `FoldinError` of kind `usage` for a shape that cannot be.
    public init(users: Int, items: Int, meanInteractions: Double, seed: UInt64) throws {
        let most = 1 << 26
        guard users >= 1, users <= most, items >= 1, items <= most else {
            throw FoldinError(.usage, found: "\(users) users and \(items) items", expected: "from 1 to \(most) of each")
        }
        guard meanInteractions > 0, meanInteractions <= Double(items) else {
            throw FoldinError(
                .usage, found: "a mean of \(meanInteractions) interactions a user",
                expected: "more than 0 and at most \(items) items")
        }
        self.users = users
        self.items = items
        self.meanInteractions = meanInteractions
        self.seed = seed
    }

    /// Writes `userId,movieId,rating`, users ascending, and returns the number of rows.
    ///
    /// The file appears whole or not at all. `progress` gets the number of users written so far.
    @discardableResult
    public func write(to path: String, workers: Workers = Workers(), progress: (Int) -> Void = { _ in }) throws -> Int {
        let popularity = ZipfTable(count: items)
        let names = itemNames()
        let blockSize = 1 << 10
        let blocks = (users + blockSize - 1) / blockSize
        let atOnce = workers.count * 4
        var rows = 0
        try AtomicFile.write(to: path) { sink in
            try Array("userId,movieId,rating\n".utf8).withUnsafeBytes { try sink.write($0) }
            for first in stride(from: 0, to: blocks, by: atOnce) {
                let texts = workers.map(min(atOnce, blocks - first)) { task, _ in
                    let start = (first + task) * blockSize
                    return text(of: start..<min(users, start + blockSize), popularity, names)
                }
                for text in texts {
                    try text.bytes.withUnsafeBytes { try sink.write($0) }
                    rows += text.rows
                }
                progress(min(users, (first + atOnce) * blockSize))
            }
        }
        return rows
    }

    /// Item numbers in order of popularity, shuffled so that a number tells nothing.
    private func itemNames() -> [UInt32] {
        var random = SplitMix64(state: seed)
        var names = (1...UInt32(items)).map { $0 }
        for place in stride(from: items - 1, to: 0, by: -1) { names.swapAt(place, random.next(below: place + 1)) }
        return names
    }

    private func text(of users: Range<Int>, _ popularity: ZipfTable, _ names: [UInt32]) -> (bytes: [UInt8], rows: Int) {
        // Half stars from 0.5 to 5, about half of them above 3.5.
        let ratings = Array("45334542354435243554".utf8)
        var seenBy = [UInt32](repeating: 0, count: items)
        var bytes: [UInt8] = []
        var rows = 0
        for user in users {
            var random = SplitMix64(state: SplitMix64.mixed(seed ^ SplitMix64.mixed(UInt64(user) &+ 1)))
            let count = min(items, max(1, Int((meanInteractions * exp(random.nextNormal() - 0.5)).rounded())))
            let mark = UInt32(user - users.lowerBound + 1)
            rows += count
            bytes.reserveCapacity(bytes.count + count * 26)
            for _ in 0..<count {
                var item = popularity.draw(&random)
                var tries = 0
                while seenBy[item] == mark {
                    // Someone who has nearly everything takes the next item not yet taken.
                    tries += 1
                    item = tries < 32 ? popularity.draw(&random) : (item + 1) % items
                }
                seenBy[item] = mark
                Self.append(user + 1, to: &bytes)
                bytes.append(44)
                Self.append(Int(names[item]), to: &bytes)
                bytes.append(44)
                let choice = random.next(below: ratings.count * 2)
                bytes.append(choice & 1 == 0 ? ratings[choice / 2] : ratings[choice / 2] - 1)
                bytes.append(46)
                bytes.append(choice & 1 == 0 ? 48 : 53)
                bytes.append(10)
            }
        }
        return (bytes, rows)
    }

    @inline(__always)
    private static func append(_ number: Int, to bytes: inout [UInt8]) {
        var divisor = 1
        while number / divisor >= 10 { divisor *= 10 }
        var rest = UInt32(number)
        while divisor > 0 {
            bytes.append(UInt8(truncatingIfNeeded: rest / UInt32(divisor)) + 48)
            rest %= UInt32(divisor)
            divisor /= 10
        }
    }
}

/// Sebastiano Vigna's public-domain form of SplitMix64.
private struct SplitMix64 {
    var state: UInt64

    static func mixed(_ value: UInt64) -> UInt64 {
        var bits = value
        bits = (bits ^ (bits >> 30)) &* 0xBF58_476D_1CE4_E5B9
        bits = (bits ^ (bits >> 27)) &* 0x94D0_49BB_1331_11EB
        return bits ^ (bits >> 31)
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        return Self.mixed(state)
    }

    /// A number in `0..<bound` by multiplication; the bias is below 2^-32.
    @inline(__always)
    mutating func next(below bound: Int) -> Int { Int(((next() >> 32) &* UInt64(bound)) >> 32) }

    /// A standard normal number by Box and Muller's transform.
    mutating func nextNormal() -> Double {
        let radius = (-2 * log((Double(next() >> 11) + 1) * 0x1p-53)).squareRoot()
        return radius * cos(2 * .pi * Double(next() >> 11) * 0x1p-53)
    }
}

/// Draws ranks in proportion to 1/rank in constant time, by Walker's alias method.
private struct ZipfTable {
    private var threshold: [UInt32]
    private var alias: [UInt32]

    init(count: Int) {
        let total = (1...count).reduce(0.0) { $0 + 1 / Double($1) }
        var share = (1...count).map { Double(count) / (Double($0) * total) }
        threshold = [UInt32](repeating: .max, count: count)
        alias = (0..<UInt32(count)).map { $0 }
        var small = share.indices.filter { share[$0] < 1 }
        var large = share.indices.filter { share[$0] >= 1 }
        while let less = small.popLast(), let more = large.last {
            threshold[less] = UInt32(min(share[less] * 0x1p32, Double(UInt32.max)))
            alias[less] = UInt32(more)
            share[more] -= 1 - share[less]
            if share[more] < 1 {
                large.removeLast()
                small.append(more)
            }
        }
    }

    @inline(__always)
    func draw(_ random: inout SplitMix64) -> Int {
        let bits = random.next()
        let place = Int(((bits >> 32) &* UInt64(threshold.count)) >> 32)
        return UInt32(truncatingIfNeeded: bits) <= threshold[place] ? place : Int(alias[place])
    }
}
