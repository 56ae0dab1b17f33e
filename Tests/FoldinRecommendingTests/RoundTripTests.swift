import FoldinInteractions
import FoldinSupport
import FoldinTestSupport
import Foundation
import Testing

@testable import FoldinRecommending

/// Any id can be written: ids written by the rules are read unchanged in each format.
@Suite("Ids of any kind") struct RoundTripTests {
    /// SplitMix64.
    struct Randomness: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var word = state
            word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
            word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
            return word ^ (word >> 31)
        }
    }

    /// An id of unusual characters, in UTF-8 of any length, without line breaks.
    static func id(_ randomness: inout Randomness) -> String {
        let characters: [Unicode.Scalar] = [
            ",", "\"", " ", "\t", "-", "[", "{", "#", "]", "}", "\\", ";", "'", "0", "7", "a", "B", "é", "\u{301}", "映", "😀",
            "\u{200D}", "\u{FEFF}",
            "|", ":", "/", "\u{1}", "\u{A0}",
        ]
        let starts: [String] = ["", "", "", "-", "--", "[", "{", "#", "\"", "{\"", "[\"", "user", "1"]
        var scalars = String.UnicodeScalarView(starts.randomElement(using: &randomness)?.unicodeScalars ?? "".unicodeScalars)
        for _ in 0..<Int.random(in: 1...9, using: &randomness) {
            if let scalar = characters.randomElement(using: &randomness) { scalars.append(scalar) }
        }
        return String(scalars)
    }

    /// Written as the guide states: in quotes where they are required.
    static func csv(_ id: String, always: Bool, inTabs: Bool = false) -> String {
        let bytes = Array(id.utf8)
        let atEnds = [bytes.first ?? 0, bytes.last ?? 0].contains(where: IdField.isBlank)
        let hasSeparator = bytes.contains(0x09) || bytes.contains(0x2C) && (!inTabs || bytes.contains(0x22))
        // Unquoted at the beginning of a file, U+FEFF is a byte order mark.
        let isMark = bytes.starts(with: "\u{FEFF}".utf8)
        guard always || atEnds || hasSeparator || isMark || bytes.first == 0x22 else { return id }
        return "\"" + String(decoding: bytes.flatMap { $0 == 0x22 ? [$0, $0] : [$0] }, as: UTF8.self) + "\""
    }

    static func same(_ one: [String], _ other: [String]) -> Bool {
        one.count == other.count && zip(one, other).allSatisfy { $0.utf8.elementsEqual($1.utf8) }
    }

    /// A catalogue of random ids, and users with histories of them.
    struct Case {
        let items: Vocabulary
        let people: [[String]]
        let quotesAll: Bool

        init(seed: UInt64) {
            var randomness = Randomness(state: seed)
            var ids: [[UInt8]] = []
            while ids.count < 12 {
                let id = Array(RoundTripTests.id(&randomness).utf8)
                if !ids.contains(id) { ids.append(id) }
            }
            let names = ids.map { String(decoding: $0, as: UTF8.self) }
            items = Vocabulary(names)
            people = (0..<4).map { _ in
                Array(names.shuffled(using: &randomness).prefix(Int.random(in: 1...4, using: &randomness)))
            }
            quotesAll = seed % 4 == 0
        }
    }

    @Test func onTheCommandLine() throws {
        for seed in 0..<1_500 as Range<UInt64> {
            let made = Case(seed: seed)
            for ids in made.people {
                let text = ids.map { Self.csv($0, always: made.quotesAll) }.joined(separator: seed % 2 == 0 ? "," : " , ")
                let found = try IdList(text, known: made.items)
                #expect(Self.same(found.ids, ids) && !found.isOneId, "seed \(seed): \(text)")
            }
        }
    }

    @Test func inFiles() throws {
        let folder = try TemporaryFolder()
        var recognised = 0
        for seed in 0..<500 as Range<UInt64> {
            let made = Case(seed: seed)
            let end = seed % 3 == 0 ? "\r\n" : "\n"
            func lines(_ separator: String) -> String {
                made.people.map { ids in
                    ids.map { Self.csv($0, always: made.quotesAll, inTabs: separator == "\t" && ids.count > 1) }.joined(
                        separator: separator)
                }.joined(separator: end)
            }
            let rows = made.people.enumerated().flatMap { user, ids in
                ids.map { "\(Self.csv("u,\(user)", always: true)),\(Self.csv($0, always: made.quotesAll))" }
            }
            let objects = try made.people.enumerated().map { user, ids in
                let array = String(decoding: try JSONEncoder().encode(ids), as: UTF8.self)
                return user % 2 == 0 ? array : "{\"user\":\"u\(user)\",\"history\":\(array)}"
            }
            for (format, text) in [
                (.lines, lines(",")), (.lines, lines("\t")), (.csv, (["user,item"] + rows).joined(separator: end)),
                (.jsonLines, objects.joined(separator: end) + end),
            ] as [(Histories.Format, String)] {
                let path = try folder.write("people", (seed % 5 == 0 ? "\u{FEFF}" : "") + text)
                let found = try Histories(contentsOf: path, as: format, known: made.items)
                let ids = (0..<found.count).map { found[$0].ids }
                #expect(zip(ids, made.people).allSatisfy(Self.same) && ids.count == 4, "seed \(seed), \(format): \(text)")
                // Without a given format, the file is read correctly or refused.
                if let guessed = try? Histories(contentsOf: path, known: made.items) {
                    #expect(
                        guessed.format == format && (0..<4).allSatisfy { Self.same(guessed[$0].ids, ids[$0]) },
                        "seed \(seed): \(text)")
                    recognised += 1
                }
            }
        }
        #expect(recognised > 1_800)
    }

    @Test func inFilesOfIds() throws {
        let folder = try TemporaryFolder()
        for seed in 0..<500 as Range<UInt64> {
            let made = Case(seed: seed)
            // Commas need no quotes here.
            let text = made.items.ids.map { id in
                let isPlain =
                    !id.utf8.contains(0x22) && ![0x20, 0x09].contains(id.utf8.first) && ![0x20, 0x09].contains(id.utf8.last)
                return Self.csv(id, always: made.quotesAll || !isPlain, inTabs: isPlain && !id.utf8.contains(0x09))
            }
            let file = try IdFile(contentsOf: folder.write("ids", text.joined(separator: "\n")), known: made.items)
            #expect(Self.same(file.known, made.items.ids) && file.unknown.isEmpty, "seed \(seed): \(text)")
        }
    }

    /// Random bytes, and valid files with random changes, are read or refused.
    @Test func anyBytesAreReadOrRefused() throws {
        let folder = try TemporaryFolder()
        let good = [
            "a,\"b \"\"c\"\" d\"\n\né\t\"x,y\"\n", "user,item\nu1,\"a,b\"\nu2,c\n",
            "{\"user\": \"u\\u00e9\\ud83d\\ude00\", \"x\": [1.5e-3, {\"y\": [true, null]}], \"items\": [\"a\\\\\", -12]}\n[\"b\"]\n",
        ].map { Array($0.utf8) }
        let items = Vocabulary(["a", "b", "c", "a,b", "[", "-12"])
        var randomness = Randomness(state: 7)
        for round in 0..<1_500 {
            var bytes = round % 10 == 0 ? [] : good[round % 3]
            for _ in 0..<Int.random(in: 1...(bytes.isEmpty ? 40 : 4), using: &randomness) {
                let place = Int.random(in: 0...bytes.count, using: &randomness)
                let byte = Array("\"\\,\n\t[]{}:u0e. -é".utf8).randomElement(using: &randomness) ?? 0
                switch Int.random(in: 0..<4, using: &randomness) {
                case 0: bytes.removeSubrange(place...)
                case 1 where place < bytes.count: bytes.remove(at: place)
                case 2: bytes.insert(UInt8.random(in: 0...255, using: &randomness), at: place)
                default: bytes.insert(byte, at: place)
                }
            }
            let path = try folder.write("any", bytes: bytes)
            for format in [nil] + Histories.Format.allCases {
                do {
                    let found = try Histories(contentsOf: path, as: format, known: items)
                    #expect((0..<found.count).reduce(0) { $0 + found[$1].ids.count } == found.idCount)
                } catch {
                    #expect((error as? FoldinError)?.exitStatus == 65)
                }
            }
            do { _ = try IdFile(contentsOf: path, known: items) } catch { #expect((error as? FoldinError)?.exitStatus == 65) }
        }
    }
}
