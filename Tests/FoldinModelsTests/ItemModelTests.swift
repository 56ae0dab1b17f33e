import FoldinInteractions
import FoldinKernels
import FoldinTestSupport
import Foundation
import Testing

@testable import FoldinModels

/// Models that are no autoencoders: what they score, and their files, good and bad.
@Suite("Item weights, neighbours and popularity") struct ItemModelTests {
    /// One small model of each kind for 5 items.
    enum Kind: String, CaseIterable, CustomTestStringConvertible {
        case ease, edlae
        case itemKNN = "item-knn"
        case sparseEASE = "sparse-ease"
        case popularity
        case ials
        case blend

        var testDescription: String { rawValue }

        var model: any Model {
            switch self {
            case .ease, .edlae:
                let weights = FloatBuffer((0..<5).flatMap(ItemModelTests.easeRow))
                return ItemWeights(self == .ease ? .ease : .edlae, itemCount: 5, weights: weights)
            case .itemKNN, .sparseEASE:
                let lists = ItemNeighbours.Lists(
                    starts: [0, 2, 3, 3, 5, 6], items: [1, 3, 0, 0, 4, 3], weights: [0.5, 0.25, 0.5, 0.25, 0.75, 0.75])
                return ItemNeighbours(lists, family: self == .itemKNN ? .itemKNN : .ease)
            case .ials:
                // The columns are orthogonal: their principal axes.
                return ImplicitALSModel(
                    items: 5, latent: 2, vectors: FloatBuffer([1, 1, 2, 0, 0, 3, 1, -1, -1, 0]), squares: [7, 11],
                    penalty: ImplicitALSPenalty(unobservedWeight: 0.25, lambda: 0.5))
            case .blend:
                let members: [(Kind, Float)] = [(.popularity, 1), (.itemKNN, -2), (.ease, 0.5)]
                return Blend(members.map { Blend.Member($0.model, weight: $1) })
            case .popularity:
                return ItemPopularity(InteractionMatrix(rows: [[1, 2], [2, 3], [3]], itemCount: 5))
            }
        }

        var trained: TrainedModel {
            TrainedModel(
                model, items: Vocabulary((0..<5).map { "i\($0)" }), titles: [nil, "One", nil, nil, "Four"],
                clicks: [0, 1, 2, 2, 0],
                card: ModelCard(options: ["model": rawValue], metrics: ["a": 0.5], dataChecksum: "0f"))
        }
    }

    /// The weights from an item: multiples of 1/8, none to itself.
    static func easeRow(_ item: Int) -> [Float] {
        (0..<5).map { other in
            let place = Float(5 * item + other)
            return other == item ? 0 : place / 8 - 1
        }
    }

    static let people = InteractionMatrix(rows: [[0, 3], [], [4]], itemCount: 5)

    static func scores(_ model: TrainedModel, threads: Int = 2) -> [Float] {
        var scores = [Float](repeating: .nan, count: 3 * model.itemCount)
        model.score(people, rows: 0..<3, into: &scores, workers: Workers(count: threads))
        return scores
    }

    /// Worked out by hand.
    @Test func scoresAreSumsOverTheClicks() {
        let sums: [Float] = zip(Self.easeRow(0), Self.easeRow(3)).map { $0 + $1 }
        let nothing = [Float](repeating: 0, count: 5)
        let ease: [Float] = sums + nothing + Self.easeRow(4)
        #expect(Self.scores(Kind.ease.trained) == ease)
        // Item 0 has the neighbours 1 and 3, item 1 has 0, item 3 has 0 and 4, item 4 has 3.
        let neighbours: [Float] = [0.25, 0.5, 0, 0.25, 0.75] + nothing + [0, 0, 0, 0.75, 0]
        #expect(Self.scores(Kind.itemKNN.trained) == neighbours)
        let counts: [Float] = [0, 1, 2, 2, 0]
        #expect(Self.scores(Kind.popularity.trained) == counts + counts + counts)
        #expect(Self.scores(Kind.sparseEASE.trained) == neighbours)
        let blended = (0..<15).map { counts[$0 % 5] - 2 * neighbours[$0] + ease[$0] / 2 }
        for threads in 1...3 { #expect(Self.scores(Kind.blend.trained, threads: threads) == blended) }
    }

    /// Weights come from files too: their product may not end the process.
    @Test func largeWeightsOfBlendsStayFinite() {
        let inner = Blend([Blend.Member(Kind.popularity.model, weight: 3e38)])
        let outer = Blend([Blend.Member(inner, weight: -3e38)])
        #expect(outer.members[0].weight == -Float.greatestFiniteMagnitude)
        #expect(outer.scoreBound(workers: Workers(count: 1)) > ScoreBound.limit)
    }

    @Test func blendsOfBlendsAreFlattenedAndScaled() {
        let inner = Blend([Blend.Member(Kind.popularity.model, weight: 4), Blend.Member(Kind.ease.model, weight: -1)])
        let outer = Blend([Blend.Member(inner, weight: 0.5), Blend.Member(Kind.itemKNN.model, weight: 3)])
        #expect(outer.members.map(\.weight) == [2, -0.5, 3])
        #expect(outer.scaled().members.map(\.weight) == [1, -0.25, 1.5])
        #expect(
            TrainedModel(outer).summary
                == "a blend of 2.0 x (popularity, 5 counts) and -0.5 x (ease, 5 x 5 weights) and "
                + "3.0 x (item-knn, 6 neighbours of 5 items)")
    }

    @Test func similaritiesAreThoseOfTheModel() throws {
        #expect(Kind.ease.trained.similarities(to: 2) == Self.easeRow(2))
        #expect(Kind.itemKNN.trained.similarities(to: 3) == [0.25, -.infinity, -.infinity, -.infinity, 0.75])
        #expect(Kind.popularity.trained.similarities(to: 3) == nil)
        // Item 3 is a neighbour of 0 and 4.
        #expect(Kind.sparseEASE.trained.similarities(to: 3) == [0.25, -.infinity, -.infinity, -.infinity, 0.75])
        #expect(Kind.blend.trained.similarities(to: 3) == Kind.itemKNN.trained.similarities(to: 3))
    }

    @Test(arguments: Kind.allCases)
    func aModelIsTheSameAfterSavingAndReading(_ kind: Kind) throws {
        let model = kind.trained
        try withTemporaryFolder { folder in
            try model.save(to: folder + "/a")
            let read = try TrainedModel(contentsOf: folder + "/a")
            #expect(
                read.items == model.items && read.titles == model.titles && read.clicks == model.clicks && read.card == model.card
            )
            #expect(read.summary == model.summary && read.parameters == nil && read.architecture == nil)
            #expect(Self.scores(read) == Self.scores(model))
            try read.save(to: folder + "/b")
            let bytes = try ["a", "b"].map { try Data(contentsOf: URL(filePath: folder + "/\($0)")) }
            #expect(bytes[0] == bytes[1])
        }
    }

    static func file(_ kind: Kind) throws -> SafeTensorsFile {
        try withTemporaryFolder { folder in
            try kind.trained.save(to: folder + "/m")
            return try SafeTensorsFile(contentsOf: folder + "/m")
        }
    }

    /// Puts 32-bit numbers in the place of the one at `index` of all the file's numbers.
    static func put(_ value: Int32, at index: Int) -> @Sendable (inout SafeTensorsFile) -> Void {
        { file in
            let start = file.numbers.startIndex + 4 * index
            file.numbers.replaceSubrange(start..<start + 4, with: withUnsafeBytes(of: value.littleEndian) { Data($0) })
        }
    }

    typealias Harm = HostileModelFileTests.Harm
    // The numbers of item-knn: 5 counts 2 1 0 2 1, then 6 items 1 3 0 0 4 3, then 6 weights.
    static let harms: [(Kind, Harm)] = [
        (
            .ease,
            Harm(
                "one more item", "expected shape [6, 6]", HostileModelFileTests.edit("architecture", "\"items\":5", "\"items\":6")
            )
        ),
        (
            .ease,
            Harm(
                "a billion items", "expected shape",
                HostileModelFileTests.edit("architecture", "\"items\":5", "\"items\":1000000000"))
        ),
        (
            .ease,
            Harm(
                "items beyond reach", "items",
                HostileModelFileTests.edit("architecture", "\"items\":5", "\"items\":9223372036854775807"))
        ),
        (.ease, Harm("no items", "no items", HostileModelFileTests.edit("architecture", "\"items\":5", "\"items\":0"))),
        (
            .ease,
            Harm("items below nothing", "-5 items", HostileModelFileTests.edit("architecture", "\"items\":5", "\"items\":-5"))
        ),
        (.ease, Harm("another kind", "item_weights", HostileModelFileTests.edit("architecture", "\"ease\"", "\"popularity\""))),
        (.ease, Harm("an autoencoder", "cannot be read", HostileModelFileTests.edit("architecture", "\"ease\"", "\"mult-vae\""))),
        (
            .ease,
            Harm("a family of its own", "expected one of", HostileModelFileTests.edit("architecture", "\"ease\"", "\"hard\""))
        ),
        (.ease, Harm("integers", "type I32") { $0.set("dtype", of: "item_weights.weight", to: "I32") }),
        (.ease, Harm("infinity", "NaN or infinite", put(0x7F80_0000, at: 7))),
        (.edlae, Harm("NaN", "NaN or infinite", put(0x7FC0_0000, at: 24))),
        (
            .edlae,
            Harm("an extra tensor", "a tensor \"extra\"") {
                $0.header["extra"] = ["dtype": "F32", "shape": [0], "data_offsets": [0, 0]]
            }
        ),
        (.popularity, Harm("NaN", "NaN or infinite", put(0x7FC0_0000, at: 0))),
        (.popularity, Harm("too few", "the whole tensor") { $0.numbers.removeLast() }),
        (.itemKNN, Harm("a negative count", "a list of -1", put(-1, at: 1))),
        (.itemKNN, Harm("a gigantic count", "a list of 2147483647", put(.max, at: 3))),
        (.itemKNN, Harm("a count too small", "lists of 5", put(0, at: 4))),
        (.itemKNN, Harm("a neighbour that is none", "item 5 after", put(5, at: 6))),
        (.itemKNN, Harm("a negative neighbour", "item -1 after", put(-1, at: 5))),
        (.itemKNN, Harm("itself", "item 0 after", put(0, at: 5))),
        (.itemKNN, Harm("a neighbour twice", "item 1 after 1", put(1, at: 6))),
        (.itemKNN, Harm("an infinite likeness", "NaN or infinite", put(0x7F80_0000, at: 11))),
        (.itemKNN, Harm("floats for items", "type F32") { $0.set("dtype", of: "item_neighbours.items", to: "F32") }),
        (
            .itemKNN,
            Harm(
                "fewer entries", "expected shape [5]",
                HostileModelFileTests.edit("architecture", "\"entries\":6", "\"entries\":5"))
        ),
        (
            .itemKNN,
            Harm(
                "entries below nothing", "-6 entries",
                HostileModelFileTests.edit("architecture", "\"entries\":6", "\"entries\":-6"))
        ),
        (
            .blend,
            Harm(
                "a weight too few", "3 models with 2 weights", HostileModelFileTests.edit("architecture", "[1,-2,0.5]", "[1,-2]"))
        ),
        (
            .blend,
            Harm(
                "no members", "0 models", HostileModelFileTests.edit("architecture", "\"members\":[", "\"members\":[],\"was\":["))
        ),
        (.blend, Harm("an infinite weight", "cannot be read", HostileModelFileTests.edit("architecture", "[1,-2,", "[1,1e99,"))),
        (
            .blend,
            Harm("a member of its own kind", "expected one of", HostileModelFileTests.edit("architecture", "item-knn", "blend"))
        ),
        (
            .blend,
            Harm(
                "another member's size", "expected shape",
                HostileModelFileTests.edit("architecture", "\\\"items\\\":5", "\\\"items\\\":4"))
        ),
        (.blend, Harm("NaN in a member", "NaN or infinite", put(0x7FC0_0000, at: 0))),
        (
            .blend,
            Harm("a tensor of nobody's", "a tensor \"member_3.a\"") {
                $0.header["member_3.a"] = ["dtype": "F32", "shape": [0], "data_offsets": [0, 0]]
            }
        ),
        (
            .ials,
            Harm(
                "one more item", "expected shape [6, 2]", HostileModelFileTests.edit("architecture", "\"items\":5", "\"items\":6")
            )
        ),
        (
            .ials,
            Harm(
                "a width too much", "expected shape [5, 3]",
                HostileModelFileTests.edit("architecture", "\"latent\":2", "\"latent\":3"))
        ),
        (.ials, Harm("no width", "0 latent", HostileModelFileTests.edit("architecture", "\"latent\":2", "\"latent\":0"))),
        (
            .ials,
            Harm(
                "a width beyond reach", "latent",
                HostileModelFileTests.edit("architecture", "\"latent\":2", "\"latent\":9223372036854775807"))
        ),
        (
            .ials,
            Harm(
                "a billion items", "expected shape",
                HostileModelFileTests.edit("architecture", "\"items\":5", "\"items\":1000000000"))
        ),
        (
            .ials,
            Harm("items below nothing", "-5 items", HostileModelFileTests.edit("architecture", "\"items\":5", "\"items\":-5"))
        ),
        (.ials, Harm("no lambda", "cannot be read", HostileModelFileTests.edit("architecture", "lambda", "lambdas"))),
        (
            .ials,
            Harm(
                "a negative lambda", "a lambda of -0.5",
                HostileModelFileTests.edit("architecture", "\"lambda\":0.5", "\"lambda\":-0.5"))
        ),
        (
            .ials,
            Harm(
                "lambda of zero", "a lambda of 0.0", HostileModelFileTests.edit("architecture", "\"lambda\":0.5", "\"lambda\":0"))
        ),
        (
            .ials,
            Harm(
                "an infinite weight", "cannot be read",
                HostileModelFileTests.edit("architecture", "\"unobservedWeight\":0.25", "\"unobservedWeight\":1e999"))
        ),
        (
            .ials,
            Harm(
                "a gigantic weight", "an unobserved weight of 1e+300",
                HostileModelFileTests.edit("architecture", "\"unobservedWeight\":0.25", "\"unobservedWeight\":1e300"))
        ),
        (
            .ials,
            Harm(
                "a steep penalty", "a frequency power of 900.0",
                HostileModelFileTests.edit("architecture", "\"frequencyPower\":1", "\"frequencyPower\":900"))
        ),
        (.ials, Harm("NaN in a vector", "NaN or infinite", put(0x7FC0_0000, at: 3))),
        (.ials, Harm("an infinite square", "NaN or infinite", put(0x7F80_0000, at: 11))),
        (.ials, Harm("a negative square", "a sum of squares of -1.0", put(Int32(bitPattern: 0xBF80_0000), at: 10))),
        (.ials, Harm("a missing tensor", "behind the last tensor") { $0.header["ials.squares"] = nil }),
        (.itemKNN, Harm("too many ids", "6 item ids", HostileModelFileTests.edit("items", "\"i4\"", "\"i4\",\"i5\""))),
    ]

    @Test(arguments: harms.indices)
    func aCorruptedFileIsRefused(index: Int) throws {
        let (kind, harm) = Self.harms[index]
        var file = try Self.file(kind)
        #expect(try HostileModelFileTests.read(file.data) == nil)
        harm.change(&file)
        let error = try #require(try HostileModelFileTests.read(file.data), "\(kind): \(harm.testDescription)")
        #expect(error.exitStatus == 65 && error.file == "model")
        #expect(error.description.contains(harm.message), "\(kind), \(harm.testDescription): \(error)")
    }

    /// Any byte changed: read or refused, never a trap.
    @Test(arguments: Kind.allCases)
    func mutatedFilesAreReadOrRefused(_ kind: Kind) throws {
        let whole = [UInt8](try Self.file(kind).data)
        var draws = Draws(seed: 2)
        var refused = 0
        for round in 0..<1_500 {
            var bytes = whole
            for _ in 0...draws.below(3) {
                let at = draws.below(bytes.count)
                switch draws.below(4) {
                case 0: bytes[at] ^= 1 << UInt8(draws.below(8))
                case 1: bytes[at] = Array("0123456789-[]{}\",:.eE")[draws.below(21)].asciiValue ?? 0
                case 2: bytes.remove(at: at)
                default: bytes.swapAt(at, draws.below(bytes.count))
                }
            }
            if let error = try HostileModelFileTests.read(Data(bytes)) {
                refused += 1
                #expect(error.exitStatus == 65, "round \(round): \(error)")
            }
        }
        #expect(refused > 500 && refused < 1_500)
    }
}
