import FoldinInteractions
import FoldinKernels
import FoldinSupport

/// A trained model of one kind: it scores items, and one file holds it.
///
/// A kind is a type that conforms, and its entry in `ModelRegistry`, which finds the type of a file by the family's name. A model made
/// outside this package conforms, is registered once by `ModelRegistry.register(_:)`, and is then saved, read, evaluated, compared and
/// served like the others:
///
/// <!-- given:
/// import Foldin
/// extension NewestFirst {
///     var family: String { "newest-first" }
///     var summary: String { family }
///     var itemCount: Int { ages.count }
///     var architecture: ItemDescription { ItemDescription(family: family, items: itemCount) }
///     var tensors: [ModelTensor] { [] }
///     init(from file: ModelFile) throws { ages = [] }
///     func scoreBound(workers: Workers) -> Double { 1 }
///     func score(_ histories: InteractionMatrix, rows: Range<Int>, into scores: UnsafeMutablePointer<Float>, workers: Workers) {}
/// }
/// -->
/// ```swift
/// struct NewestFirst: Model {
///     static let families = ["newest-first"]
///     let ages: [Float]
///     // …
/// }
/// ```
///
/// ```swift
/// ModelRegistry.register(NewestFirst.self)
/// ```
public protocol Model: Scorer {
    /// What a file says of the model before its tensors are read.
    associatedtype Description: Codable & Sendable

    /// The names of the families that this type reads.
    static var families: [String] { get }

    /// The family of this model, one of `families`.
    var family: String { get }

    /// The kind and its size, for people: `ease, 3497 x 3497 weights`.
    var summary: String { get }

    /// What the file says under `architecture`: a JSON object whose `family` is the name of the family.
    var architecture: Description { get }

    /// The tensors in the order in which they are written.
    var tensors: [ModelTensor] { get }

    /// Reads the model of a file whose `architecture` names one of `families`.
    ///
    /// Everything is checked before it is used: sizes before anything is allocated, then the numbers.
    ///
    /// - Throws: `FoldinError` of kind `badData`.
    init(from file: ModelFile) throws

    /// A number that the absolute value of no score exceeds, nor of any sum on the way to it, for any history; infinite if none is
    /// known. A service refuses a model without a finite bound.
    func scoreBound(workers: Workers) -> Double

    /// How similar each item is to `item`, one number per item: higher is more similar, minus infinity if unknown. Nil, the default, for
    /// a kind of model that has no notion of similarity.
    func similarities(to item: Int, workers: Workers) -> [Float]?

    /// A scorer of one user at a time that reuses its memory; by default one that scores a matrix of one row.
    func oneUserScorer(workers: Workers) -> any OneUserScorer
}

extension Model {
    public func similarities(to item: Int, workers: Workers) -> [Float]? { nil }

    public func oneUserScorer(workers: Workers) -> any OneUserScorer { MatrixRowScorer(self, workers: workers) }
}

/// A description of a model that has one number or one list per item.
public struct ItemDescription: Codable, Sendable {
    /// The name of the family.
    public let family: String
    /// The number of items.
    public let items: Int
    /// The number of entries of all lists together, where their lengths differ.
    public var entries: Int?

    /// A description of a model of this size.
    public init(family: String, items: Int, entries: Int? = nil) {
        (self.family, self.items, self.entries) = (family, items, entries)
    }

    /// The description in a file, its sizes checked.
    ///
    /// - Throws: `FoldinError` of kind `badData`.
    public init(from file: ModelFile) throws {
        self = try file.metadata("architecture", as: ItemDescription.self)
        for (name, count) in [("items", items), ("entries", entries ?? 0)] where !(0...1 << 30).contains(count) {
            throw FoldinError(
                .badData, file: file.path, found: "\(count) \(name)", expected: "a model of at most \(1 << 30)")
        }
        if items < 1 { throw FoldinError(.badData, file: file.path, found: "no items", expected: "at least one") }
    }
}
