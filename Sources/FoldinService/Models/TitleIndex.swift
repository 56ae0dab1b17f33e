#if Service
import FoldinInteractions
import Foundation

/// Finds items by words of their titles. A search scans all titles.
struct TitleIndex: Sendable {
    /// Titles without case and accents, as bytes that begin with a blank, so that every word follows one.
    private let folded: [(item: Int32, text: [UInt8])]
    private let ids: Vocabulary

    /// Indexes the titles; an item without a title has its id as one. Among equal matches, items are in the order of `popular`.
    init(ids: Vocabulary, titles: [String?], popular: [Int32]) {
        self.ids = ids
        folded = popular.map { item in
            let title = titles.isEmpty ? nil : titles[Int(item)]
            return (item, [32] + TitleIndex.fold(title ?? ids[Int(item)]))
        }
    }

    /// Up to `count` items whose title contains every word of `query`: first the item with that id, then titles that begin with the first word,
    /// then titles in which every word begins a word, then the others. Among equals the most popular is first.
    func search(_ query: String, count: Int) -> [Int] {
        let words = TitleIndex.words(of: query)
        guard !words.isEmpty, count > 0 else { return [] }
        var classes: [[Int]] = [[], [], []]
        let exact = ids.index(of: query)
        for (item, title) in folded where Int(item) != exact {
            guard let rank = TitleIndex.rank(words, in: title) else { continue }
            classes[rank].append(Int(item))
            if rank == 0, classes[0].count == count { break }
        }
        return Array(([exact].compactMap { $0 } + classes.joined()).prefix(count))
    }

    /// The distinct words of a query, in their order. A query may have at most `maxWords`: a search looks for each of them in every title.
    static func words(of query: String) -> [[UInt8]] {
        var seen: Set<[UInt8]> = []
        return fold(query).split(separator: 32).map(Array.init).filter { seen.insert($0).inserted }
    }

    /// The distinct words that a query may have.
    static let maxWords = 32

    /// 0 if the title begins with the first word and every other word begins a word of it; 1 if every word begins a word of it; 2 if it contains
    /// all words; otherwise nil.
    private static func rank(_ words: [[UInt8]], in title: [UInt8]) -> Int? {
        var rank = 0
        for (index, word) in words.enumerated() {
            if let place = find([32] + word, in: title) {
                if index == 0, place > 0 { rank = max(rank, 1) }
            } else if find(word, in: title) != nil {
                rank = 2
            } else {
                return nil
            }
        }
        return rank
    }

    private static func find(_ word: [UInt8], in title: [UInt8]) -> Int? {
        title.withUnsafeBytes { title in
            word.withUnsafeBytes { word in
                guard let start = title.baseAddress, let pattern = word.baseAddress else { return nil }
                var place = 0
                while place + word.count <= title.count {
                    // memchr finds the next place where the word may begin.
                    guard let found = memchr(start + place, Int32(word[0]), title.count - word.count - place + 1) else {
                        return nil
                    }
                    place = UnsafeRawPointer(found) - start
                    if memcmp(start + place, pattern, word.count) == 0 { return place }
                    place += 1
                }
                return nil
            }
        }
    }

    private static func fold(_ text: String) -> [UInt8] {
        Array(text.folding(options: [.caseInsensitive, .diacriticInsensitive, .widthInsensitive], locale: nil).utf8)
    }
}
#endif
