import FoldinInteractions
import FoldinKernels
import FoldinSupport
import Testing

@testable import FoldinModels
@testable import FoldinRecommending

@Suite("Similar items") struct SimilarTests {
    @Test func areOrderedByCosine() throws {
        let recommender = RecommenderTests.recommender()
        let (vectors, width) = try #require(recommender.model.parameters).itemVectors
        func vector(_ item: Int) -> [Double] { (0..<width).map { Double(vectors.pointer[item * width + $0]) } }
        func product(_ a: [Double], _ b: [Double]) -> Double { zip(a, b).reduce(0) { $0 + $1.0 * $1.1 } }
        func cosine(_ a: [Double], _ b: [Double]) -> Double { product(a, b) / (product(a, a) * product(b, b)).squareRoot() }
        let cosines = (0..<30).map { cosine(vector(4), vector($0)) }
        let expected = (0..<30).filter { $0 != 4 }.sorted { cosines[$0] > cosines[$1] }
        let found = try recommender.similar(29, to: "i4")
        #expect(found.map(\.item) == expected.map { "i\($0)" })
        #expect(zip(found, expected).allSatisfy { abs(Double($0.score) - cosines[$1]) < 1e-5 })
        #expect(found.first { $0.item == "i3" }?.title == "Title 3")
        #expect(try recommender.similar(3, to: "i4") == Array(found.prefix(3)))
        #expect(try recommender.similar(1_000, to: "i4") == found)
    }

    /// Cosines of equal, opposite, zero and very long or short vectors are between -1 and 1.
    @Test func cosinesStayInBounds() throws {
        let recommender = RecommenderTests.recommender()
        let (vectors, width) = try #require(recommender.model.parameters).itemVectors
        for scale in [1, 0.3, 7, 1e-12, 1e12] as [Float] {
            for item in 1..<30 {
                let factor: Float = item == 29 ? 0 : item % 2 == 0 ? 1 / Float(item) : -Float(item)
                for i in 0..<width { vectors.pointer[item * width + i] = vectors.pointer[i] * factor * scale }
            }
            for item in ["i0", "i1", "i2", "i13"] {
                let found = try recommender.similar(40, to: item)
                #expect(found.count == 29 && !found.contains { $0.item == item })
                #expect(found.allSatisfy { $0.score >= -1 && $0.score <= 1 })
                #expect(found.allSatisfy { $0.item == "i29" ? $0.score == 0 : abs($0.score) > 0.9999 }, "\(item) at \(scale)")
            }
            // All items are equally similar to an item whose vector is zero.
            let found = try recommender.similar(3, to: "i29")
            #expect(found.map(\.score) == [0, 0, 0])
        }
    }

    @Test func needAKnownItem() {
        let error = #expect(throws: FoldinError.self) { try RecommenderTests.recommender().similar(3, to: "i30") }
        #expect(error?.exitStatus == 65 && error?.found.contains("\"i30\"") == true)
        #expect(error?.expected.contains("similar ids: \"i0\", \"i3\", \"i10\"") == true, "\(error?.description ?? "-")")
    }

    /// A title in the place of an id suggests the id.
    @Test func areSuggestedByTitle() {
        let error = #expect(throws: FoldinError.self) { try RecommenderTests.recommender().similar(3, to: "title 27") }
        #expect(error?.expected.contains("\"i27\" (Title 27)") == true, "\(error?.description ?? "-")")
    }
}
