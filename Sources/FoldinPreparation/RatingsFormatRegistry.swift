import FoldinInteractions

/// The kinds of ratings files that can be read, in the order in which they are tried on a file.
///
/// A registry is a value: pass one with a kind of your own to `Ratings(contentsOf:…)`.
///
/// <!-- given:
/// extension RatingsFormat.Kind { static var accessLog: Self { RatingsFormatRegistry.standard.kinds[0] } }
/// -->
/// ```swift
/// let ratings = try Ratings(contentsOf: "clicks.log", formats: .standard.adding(.accessLog))
/// ```
public struct RatingsFormatRegistry: Sendable {
    /// The kinds; the first that recognises a file reads it.
    public let kinds: [RatingsFormat.Kind]

    /// A registry of `kinds`, whose names must differ.
    public init(_ kinds: [RatingsFormat.Kind]) {
        precondition(Set(kinds.map(\.name)).count == kinds.count, "each kind of ratings format needs a name of its own")
        self.kinds = kinds
    }

    /// The library's formats. A new one is added here, before `delimited`, which takes or refuses any file.
    public static let standard = RatingsFormatRegistry([
        .amazonJSONLines,
        .jsonLines,
        .netflixPrize,
        .recBole,
        .movieLensDat,
        .movieLensCSV,
        .userItemLists,
        .delimited,
    ])

    /// A registry that tries `kind` first.
    public func adding(_ kind: RatingsFormat.Kind) -> RatingsFormatRegistry { RatingsFormatRegistry([kind] + kinds) }

    /// The kind of that name; nil if there is none.
    public subscript(name: String) -> RatingsFormat.Kind? { kinds.first { $0.name == name } }

    /// The layout of the file that `sample` comes from.
    ///
    /// Throws `FoldinError` of kind `badData` if no kind recognises it or the evidence is not clear; the reason says what a caller may add.
    func recognise(_ sample: LayoutSample) throws -> RecognisedLayout {
        try sample.refuseUnreadableLines()
        for kind in kinds {
            if let layout = try kind.recognise(sample) { return layout }
        }
        throw sample.unrecognised
    }
}
