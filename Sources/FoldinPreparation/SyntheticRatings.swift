import FoldinInteractions
import FoldinKernels
import FoldinSupport
import Foundation

/// A synthetic ratings file of a given shape, for benchmarks and trials: the popularity of items follows Zipf's law, the activity of users is
/// log-normal.
///
/// Item `r` by popularity is drawn in proportion to 1/r; a user's number of different items is `mean * exp(z - 1/2)` for a
/// standard normal `z`, rounded, at least 1 and at most all items. Random bits come from SplitMix64 (Steele, Lea and Flood,
/// *Fast splittable pseudorandom number generators*, 2014), with a stream for each user that depends on the seed and the
/// user's number only: the file is the same for any number of threads.
public struct SyntheticRatings: Sendable {
    /// The number of users.
    public let users: Int
    /// The number of items.
    public let items: Int
    /// The mean number of interactions per user, before rounding and limits.
    public let meanInteractions: Double
    /// The seed of the random numbers.
    public let seed: UInt64

    /// A shape of 1 to 2^26 users and as many items.
    ///
    /// Throws `FoldinError` of kind `usage` for other numbers, or if the mean is not above 0 and at most `items`.
    public init(users: Int, items: Int, meanInteractions: Double, seed: UInt64) throws {
        let most = 1 << 26
        guard users >= 1, users <= most, items >= 1, items <= most else {
            throw FoldinError(.usage, found: "\(users) users and \(items) items", expected: "from 1 to \(most) of each")
        }
        guard meanInteractions > 0, meanInteractions <= Double(items) else {
            throw FoldinError(
                .usage, found: "a mean of \(meanInteractions) interactions per user",
                expected: "more than 0 and at most \(items) items")
        }
        self.users = users
        self.items = items
        self.meanInteractions = meanInteractions
        self.seed = seed
    }

    /// Writes `userId,movieId,rating`, users ascending, and returns the number of rows.
    ///
    /// The file is written completely or not at all. `progress` is called with the number of users written so far.
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

    /// Item numbers in order of popularity, shuffled so that the number is independent of the popularity.
    private func itemNames() -> [UInt32] {
        var random = SplitMix64(state: seed)
        var names = (1...UInt32(items)).map { $0 }
        for place in stride(from: items - 1, to: 0, by: -1) { names.swapAt(place, random.next(below: place + 1)) }
        return names
    }

    /// All interactions as a matrix, whatever their rating, for benchmarks that need no file.
    public func matrix(workers: Workers = Workers()) -> InteractionMatrix {
        let popularity = ZipfTable(count: items)
        let names = itemNames()
        let blockSize = 1 << 10
        let blocks = workers.map((users + blockSize - 1) / blockSize) { task, _ in
            var seenBy = [UInt32](repeating: 0, count: items)
            var columns: [Int32] = []
            var counts: [Int] = []
            for user in task * blockSize..<min(users, (task + 1) * blockSize) {
                var (random, count) = beginning(of: user)
                let start = columns.count
                for _ in 0..<count {
                    let item = nextItem(for: UInt32(user % blockSize + 1), &seenBy, popularity, &random)
                    columns.append(Int32(names[item] - 1))
                    // The file draws another number for half stars.
                    _ = random.next(below: 2)
                }
                columns[start...].sort()
                counts.append(count)
            }
            return (columns, counts)
        }
        var starts = [0]
        for count in blocks.flatMap(\.1) { starts.append(starts[starts.count - 1] + count) }
        return InteractionMatrix(rowStarts: starts, columns: blocks.flatMap(\.0), itemCount: items)
    }

    /// A user's stream of random numbers and number of items.
    private func beginning(of user: Int) -> (SplitMix64, count: Int) {
        var random = SplitMix64(state: SplitMix64.mixed(seed ^ SplitMix64.mixed(UInt64(user) &+ 1)))
        let count = min(items, max(1, Int((meanInteractions * exp(random.nextNormal() - 0.5)).rounded())))
        return (random, count)
    }

    /// Draws an item, by popularity, that does not have the user's mark yet, and marks it.
    @inline(__always)
    private func nextItem(
        for mark: UInt32, _ seenBy: inout [UInt32], _ popularity: ZipfTable, _ random: inout SplitMix64
    ) -> Int {
        var item = popularity.draw(&random)
        var tries = 0
        while seenBy[item] == mark {
            // A user who has nearly all items gets the next item that is still free.
            tries += 1
            item = tries < 32 ? popularity.draw(&random) : (item + 1) % items
        }
        seenBy[item] = mark
        return item
    }

    private func text(of users: Range<Int>, _ popularity: ZipfTable, _ names: [UInt32]) -> (bytes: [UInt8], rows: Int) {
        // Half stars from 0.5 to 5, about half of them above 3.5.
        let ratings = Array("45334542354435243554".utf8)
        var seenBy = [UInt32](repeating: 0, count: items)
        var bytes: [UInt8] = []
        var rows = 0
        for user in users {
            var (random, count) = beginning(of: user)
            rows += count
            bytes.reserveCapacity(bytes.count + count * 26)
            for _ in 0..<count {
                let item = nextItem(for: UInt32(user - users.lowerBound + 1), &seenBy, popularity, &random)
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
