import FoldinKernels

/// The items over which one batch's softmax is estimated, the same for all its users.
///
/// Let B be the items that the batch's users clicked and N the different items among `draws` draws from a known
/// distribution q, those of B left out. A user's sum of exponentials is estimated by
///
///     Z = sum over B of exp(l_j) + sum over N of exp(l_j) / p_j,    p_j = 1 - (1 - q_j)^draws.
///
/// p_j is the probability that j is drawn at all, so each item outside B adds exp(l_j) on average, and the mean of Z over the draws
/// is the exact sum (Horvitz and Thompson, *JASA* 1952). B needs no correction: its items are there whatever is drawn. Dividing by
/// p_j is adding -log p_j to the logit, the importance correction of Bengio and Senecal (*IEEE Trans. Neural Networks*
/// 2008) and Jean et al. (ACL 2015), who divide by the expected number of draws; counting an item once whatever the number
/// of its draws removes the noise of that number. log Z is too low by about var(Z) / 2 Z^2 on average.
struct Candidates {
    /// B ascending, then N ascending.
    private(set) var items: [Int32] = []
    /// The number of items in B.
    private(set) var clickedCount = 0
    /// What is added to each candidate's logits: 0 in B, -log p in N.
    private(set) var corrections: [Float] = []
    /// For each click of the batch its item's place in `items`.
    private(set) var positions: [Int32] = []

    private let proposal: Proposal
    /// Of each item the last batch it was a candidate of, and, for an item of B, its place there.
    private var lastSeen: [UInt32]
    private var places: [Int32]
    private var batches: UInt32 = 0
    private var words: [UInt32]

    init(_ proposal: Proposal) {
        self.proposal = proposal
        lastSeen = [UInt32](repeating: 0, count: proposal.corrections.count)
        places = [Int32](repeating: 0, count: proposal.corrections.count)
        words = [UInt32](repeating: 0, count: 2 * proposal.draws)
    }

    var count: Int { items.count }

    /// Takes the clicks of a batch and draws the others: a function of the clicks and `randomness` alone.
    ///
    /// Costs time in proportion to clicks and draws, and a sort of the candidates.
    mutating func assemble(clicks: [Int32], randomness: RandomSource) {
        nextBatch()
        items.removeAll(keepingCapacity: true)
        for item in clicks where lastSeen[Int(item)] != batches { take(item) }
        items.sort()
        clickedCount = items.count
        for (place, item) in items.enumerated() { places[Int(item)] = Int32(place) }
        positions.removeAll(keepingCapacity: true)
        for item in clicks { positions.append(places[Int(item)]) }

        words.withUnsafeMutableBufferPointer { randomness.words(into: $0) }
        for draw in 0..<proposal.draws {
            let item = proposal.item(words[2 * draw], words[2 * draw + 1])
            if lastSeen[Int(item)] != batches { take(item) }
        }
        items[clickedCount...].sort()
        corrections.removeAll(keepingCapacity: true)
        corrections.append(contentsOf: repeatElement(0, count: clickedCount))
        for item in items[clickedCount...] { corrections.append(proposal.corrections[Int(item)]) }
    }

    private mutating func take(_ item: Int32) {
        lastSeen[Int(item)] = batches
        items.append(item)
    }

    private mutating func nextBatch() {
        if batches == .max {
            for item in lastSeen.indices { lastSeen[item] = 0 }
            batches = 0
        }
        batches += 1
    }
}
