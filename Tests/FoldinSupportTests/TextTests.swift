import FoldinSupport
import Testing

@Suite("Text of messages") struct TextTests {
    @Test func textIsQuotedAndCutAndWithoutControlCharacters() {
        #expect("a\nb".quoted == "\"a\\nb\"")
        #expect(String(repeating: "é", count: 80).quoted == "\"" + String(repeating: "é", count: 80) + "\"")
        #expect(String(repeating: "x", count: 81).quoted == "\"" + String(repeating: "x", count: 80) + "…\"")
        // One character of many scalars is cut as well.
        #expect(("e" + String(repeating: "\u{301}", count: 1_000)).quoted.unicodeScalars.count == 83)
        #expect(["a", "b", "c"].quoted(first: 2) == "\"a\", \"b\", …" && ["a"].quoted(first: 2) == "\"a\"")
    }

    @Test func digitsAreGroupedByThrees() {
        #expect(
            [0, 7, 999, 1_000, 8_075, 1_234_567, -1_000].map(\.grouped) == [
                "0", "7", "999", "1,000", "8,075", "1,234,567", "-1,000",
            ])
        #expect([85.0, 8_075, 171.66, 999.96, 0.04, 1e30].map(\.grouped).prefix(5) == ["85", "8,075", "171.7", "1,000", "0"])
    }

    @Test func bytesHaveDecimalUnits() {
        let texts = [0, 999, 1_000, 9_949, 9_950, 386_000_000, 999_500_000, 1_200_000_000, 12_000_000_000].map(\.formattedBytes)
        #expect(texts == ["0 B", "999 B", "1.0 kB", "9.9 kB", "10 kB", "386 MB", "1.0 GB", "1.2 GB", "12 GB"])
    }

    @Test func progressIsABarOf24CharactersAndATime() {
        #expect(ProgressText.bar(0.5) == String(repeating: "█", count: 12) + String(repeating: "░", count: 12))
        #expect([-1, 0, 1, 2].map { ProgressText.bar($0).filter { $0 == "█" }.count } == [0, 0, 24, 24])
        #expect([0, 187, 3_723].map { ProgressText.duration($0) } == ["0:00", "3:07", "1:02:03"])
    }

    @Test func similarNamesAreTheNearestFirst() {
        let names = ["model", "anneal", "anneal-cap", "latent", "lr"]
        #expect(NearNames.suggestion(for: "aneal", among: names) == "anneal")
        #expect(NearNames.suggestion(for: "LATENT", among: names) == "latent")
        #expect(NearNames.suggestion(for: "lrr", among: names) == "lr")
        #expect(NearNames.suggestion(for: "cap", among: names) == "anneal-cap")
        #expect(NearNames.suggestion(for: "epochs", among: names) == nil)
        // In a catalogue of many ids, ids at two edits from a short one are not similar.
        #expect(NearNames.indices(of: "i99", among: ["i1", "i9", "x99", "j00"]) == [1, 2])
    }

    @Test func aStandardErrorNeedsTwoValues() throws {
        #expect(meanAndStandardError(of: []).mean == nil)
        #expect(meanAndStandardError(of: [3]).mean == 3 && meanAndStandardError(of: [3]).standardError == nil)
        // Variance 5 / 3 of four values.
        let (mean, error) = meanAndStandardError(of: [1, 2, 3, 4])
        let difference = try #require(error) - (5.0 / 12).squareRoot()
        #expect(mean == 2.5 && abs(difference) < 1e-15)
    }
}
