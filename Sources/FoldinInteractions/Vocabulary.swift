/// Raw ids and the indices that stand for them: index `i` is `ids[i]`.
public struct Vocabulary: Sendable, Equatable {
    /// The raw ids in index order, without repeats.
    public let ids: [String]
    private let indices: [String: Int32]

    /// A vocabulary of `ids` in that order. Repeats are a programmer's mistake; check data from outside first.
    public init(_ ids: [String]) {
        self.ids = ids
        self.indices = Dictionary(uniqueKeysWithValues: ids.enumerated().map { ($1, Int32($0)) })
    }

    public var count: Int { ids.count }

    /// The index of a raw id, or nil if it is not known.
    public func index(of id: String) -> Int? { indices[id].map(Int.init) }

    /// The raw id of an index.
    public subscript(index: Int) -> String { ids[index] }

    public static func == (left: Vocabulary, right: Vocabulary) -> Bool { left.ids == right.ids }
}
