import FoldinKernels
import Foundation

/// The distribution that a sampled softmax draws its negatives from, and what a drawn item then stands for.
///
/// q(item) = (1 - `evenShare`) x clicks(item)^`exponent` / their sum + `evenShare` / items. Popular items have the large
/// exponentials that the estimate must not miss; the even share keeps the others' weights bounded.
struct Proposal {
    static let exponent = 0.75
    static let evenShare = 0.1

    private let table: AliasTable
    /// For each item -log(p), p = 1 - (1 - q)^draws being the probability that it is drawn at all.
    let corrections: [Float]
    let draws: Int

    /// The proposal for `draws` draws where item i was clicked `clicks[i]` times. Linear in the number of items.
    init(clicks: [Int], draws: Int) {
        let weights = clicks.map { pow(Double($0), Self.exponent) }
        let total = max(weights.reduce(0, +), .leastNormalMagnitude)
        let even = Self.evenShare / Double(weights.count)
        let shares = weights.map { (1 - Self.evenShare) * $0 / total + even }
        self.draws = draws
        table = AliasTable(shares)
        corrections = shares.map { share in
            // A catalogue of one item is drawn for certain.
            share >= 1 ? 0 : Float(-log(-expm1(Double(draws) * log1p(-share))))
        }
    }

    /// The item that two uniform 32-bit words pick.
    func item(_ place: UInt32, _ coin: UInt32) -> Int32 { Int32(table.index(place, coin)) }
}
