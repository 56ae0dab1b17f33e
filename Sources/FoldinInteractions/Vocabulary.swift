/// A list of raw ids and the index of each: index `i` belongs to `ids[i]`.
///
/// Ids are equal if their UTF-8 bytes are equal. Canonically equivalent spellings in Unicode are different ids, as in the files.
public struct Vocabulary: Sendable, Equatable {
    /// The raw ids in index order, without duplicates.
    public let ids: [String]
    private let indices: [Key: Int32]

    /// Creates a vocabulary of `ids` in that order, which must not have duplicates; see ``firstRepeat(in:)`` for input.
    public init(_ ids: [String]) {
        self.ids = ids
        self.indices = Dictionary(uniqueKeysWithValues: ids.enumerated().map { (Key(id: $1), Int32($0)) })
    }

    /// The number of ids.
    public var count: Int { ids.count }

    /// The index of a raw id; nil if it is not in the vocabulary.
    public func index(of id: String) -> Int? { indices[Key(id: id)].map(Int.init) }

    /// The raw id of an index.
    public subscript(index: Int) -> String { ids[index] }

    /// The first place whose id occurs at an earlier place; nil if all ids differ.
    public static func firstRepeat(in ids: [String]) -> (place: Int, earlier: Int)? {
        var places: [Key: Int] = [:]
        places.reserveCapacity(ids.count)
        for (place, id) in ids.enumerated() {
            if let earlier = places.updateValue(place, forKey: Key(id: id)) { return (place, earlier) }
        }
        return nil
    }

    /// Whether both have the same ids, byte by byte, in the same order.
    public static func == (left: Vocabulary, right: Vocabulary) -> Bool {
        left.count == right.count && zip(left.ids, right.ids).allSatisfy { $0.utf8.elementsEqual($1.utf8) }
    }

    /// A string compared by its bytes; `String` itself treats canonically equivalent spellings as equal.
    private struct Key: Hashable {
        let id: String

        static func == (left: Key, right: Key) -> Bool { left.id.utf8.elementsEqual(right.id.utf8) }

        func hash(into hasher: inout Hasher) {
            var id = id
            id.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
        }
    }
}
