/// Raw ids and the indices that stand for them: index `i` is `ids[i]`.
///
/// Ids are the same when their UTF-8 bytes are; Unicode's other ways to write a letter make another id, as in the files.
public struct Vocabulary: Sendable, Equatable {
    /// The raw ids in index order, without repeats.
    public let ids: [String]
    private let indices: [Key: Int32]

    /// A vocabulary of `ids` in that order. Repeats are a programmer's mistake; see `firstRepeat(in:)` for data from outside.
    public init(_ ids: [String]) {
        self.ids = ids
        self.indices = Dictionary(uniqueKeysWithValues: ids.enumerated().map { (Key(id: $1), Int32($0)) })
    }

    public var count: Int { ids.count }

    /// The index of a raw id, or nil if it is not known.
    public func index(of id: String) -> Int? { indices[Key(id: id)].map(Int.init) }

    /// The raw id of an index.
    public subscript(index: Int) -> String { ids[index] }

    /// The first place whose id stood at an earlier place already, or nil if all ids differ.
    public static func firstRepeat(in ids: [String]) -> (place: Int, earlier: Int)? {
        var places: [Key: Int] = [:]
        places.reserveCapacity(ids.count)
        for (place, id) in ids.enumerated() {
            if let earlier = places.updateValue(place, forKey: Key(id: id)) { return (place, earlier) }
        }
        return nil
    }

    public static func == (left: Vocabulary, right: Vocabulary) -> Bool {
        left.count == right.count && zip(left.ids, right.ids).allSatisfy { $0.utf8.elementsEqual($1.utf8) }
    }

    /// A string compared by its bytes: `String` itself holds canonically equivalent spellings to be equal.
    private struct Key: Hashable {
        let id: String

        static func == (left: Key, right: Key) -> Bool { left.id.utf8.elementsEqual(right.id.utf8) }

        func hash(into hasher: inout Hasher) {
            var id = id
            id.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
        }
    }
}
