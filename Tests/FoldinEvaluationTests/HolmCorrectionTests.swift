import FoldinEvaluation
import Testing

/// The expected values are those of R's `p.adjust(p, "holm")`.
@Suite("Holm's correction") struct HolmCorrectionTests {
    @Test func multipliesTheSmallestMost() {
        func close(_ values: [Double?], _ expected: [Double?]) -> Bool {
            values.count == expected.count
                && zip(holmCorrected(values), expected).allSatisfy { found, expected in
                    found == nil && expected == nil || abs((found ?? 9) - (expected ?? -9)) < 1e-12
                }
        }
        #expect(close([0.01, 0.04, 0.03, 0.005], [0.03, 0.06, 0.06, 0.02]))
        #expect(close([nil, 0.5, 0.02, nil, 0.4], [nil, 0.8, 0.06, nil, 0.8]))
        #expect(close([0.9, 0.8], [1, 1]) && close([nil], [nil]) && close([], []))
        #expect(close([0.02, 0.02, 0.02], [0.06, 0.06, 0.06]))
    }
}
