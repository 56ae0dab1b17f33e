import FoldinSupport
import Foundation
import Testing

@Suite("Errors of other modules") struct UnexpectedErrorTests {
    private static func sentence(_ body: () throws -> Void) -> String {
        do {
            try body()
            return "nothing was thrown"
        } catch {
            return UnexpectedError.sentence(error)
        }
    }

    private struct Figures: Codable {
        var loss: [String: Double]
    }
    private struct Odd: Error {}

    @Test func stateWhatWasFoundAndWhere() {
        let nan = Self.sentence { _ = try JSONEncoder().encode(Figures(loss: ["validation": .nan])) }
        #expect(nan.hasPrefix("found a number that is NaN or infinite at loss.validation; expected finite figures"), "\(nan)")
        let key = Self.sentence { _ = try JSONDecoder().decode(Figures.self, from: Data("{}".utf8)) }
        #expect(key.hasPrefix("found no value at loss of a JSON document"), "\(key)")
        let type = Self.sentence { _ = try JSONDecoder().decode(Figures.self, from: Data("{\"loss\": {\"a\": \"b\"}}".utf8)) }
        #expect(type.hasPrefix("found a JSON document that cannot be read at loss.a"), "\(type)")
        let corrupt = Self.sentence { _ = try JSONDecoder().decode(Figures.self, from: Data("{".utf8)) }
        #expect(corrupt.hasPrefix("found a JSON document that cannot be read at its beginning"), "\(corrupt)")
        let file = Self.sentence { _ = try Data(contentsOf: URL(filePath: "/none/at/all")) }
        #expect(file.hasPrefix("/none/at/all: found no such file or directory; expected"), "\(file)")
        let folder = Self.sentence { _ = try FileManager.default.contentsOfDirectory(atPath: "/none/at/all") }
        #expect(folder.contains("found no such file or directory"), "\(folder)")
        let exists = Self.sentence { try FileManager.default.createDirectory(atPath: "/tmp", withIntermediateDirectories: false) }
        #expect(exists.contains("exist"), "\(exists)")
        #expect(UnexpectedError.sentence(POSIXError(.ENOSPC)).contains("no space left on device"))
        #expect(UnexpectedError.reason(URLError(.cannotFindHost)) == "a host that is not known")
        #expect(UnexpectedError.sentence(URLError(.timedOut)) == "the network: found no answer in time; expected an answer")
        #expect(UnexpectedError.sentence(Odd()).hasPrefix("found an error of the type Odd;"))
        #expect(UnexpectedError.sentence(CancellationError()) == "interrupted")
        for text in [nan, key, type, corrupt, file, folder, exists] {
            #expect(!text.contains("Error") && !text.contains("couldn") && !text.contains("\n"), "\(text)")
        }
    }
}
