import FoldinInteractions
import FoldinSupport
import FoldinTestSupport
import Testing

@testable import FoldinConfiguration

@Suite("Tensor names from TOML files") struct TensorNamesFileTests {
    private static func read(_ text: String) throws -> [String: String] {
        let folder = try TemporaryFolder()
        return try TensorNamesFile(contentsOf: try folder.write("n.toml", text)).names
    }

    @Test func readsQuotedDottedAndNestedNames() throws {
        let names = try Self.read(
            """
            # Theirs on the left.
            "q_layers.0.weight" = "encode.q_layers.linear_0.weight"
            q_layers.1.bias = 'encode.q_layers.linear_1.bias'
            steps = ""
            [p_layers.0]
            weight = "decode.p_layers.linear_0.weight"
            """)
        #expect(
            names == [
                "q_layers.0.weight": "encode.q_layers.linear_0.weight", "q_layers.1.bias": "encode.q_layers.linear_1.bias",
                "steps": "", "p_layers.0.weight": "decode.p_layers.linear_0.weight",
            ])
    }

    @Test(arguments: [
        ("q.0 = 3", "q.0 with a value that is not text"), ("q.0 = encode", "text that is not TOML"), ("", "no names"),
        ("# x\n", "no names"),
    ])
    func refuses(text: String, found: String) {
        let error = #expect(throws: FoldinError.self) { try Self.read(text) }
        #expect(
            error?.kind == .badData && error?.found.hasPrefix(found) == true && error?.expected.contains("lines such as") == true)
    }

    @Test func refusesMissingAndUnreadableFiles() {
        #expect(throws: FoldinError.self) { try TensorNamesFile(contentsOf: "/none/at/all") }
    }
}
