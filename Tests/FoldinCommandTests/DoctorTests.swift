import Foldin
import FoldinTestSupport
import Foundation
import Testing

/// The built command's `doctor`.
@Suite("foldin doctor") struct DoctorTests {
    /// Runs the built command and returns its exit status and both outputs.
    static func doctor(_ arguments: [String]) throws -> (status: Int32, output: Data, errors: String) {
        // The command is beside the test bundle, or beside the program that runs it.
        let folders =
            CommandLine.arguments.map { URL(fileURLWithPath: $0).deletingLastPathComponent() }
            + Bundle.allBundles.map { $0.bundleURL.deletingLastPathComponent() } + [Bundle.main.bundleURL]
        let found = folders.map { $0.appendingPathComponent("foldin") }
            .first { FileManager.default.isExecutableFile(atPath: $0.path) }
        let process = Process()
        let command: URL = try #require(found, "the foldin command is not built")
        process.executableURL = command
        process.arguments = ["doctor"] + arguments
        let (output, errors) = (Pipe(), Pipe())
        process.standardOutput = output
        process.standardError = errors
        try process.run()
        let text = output.fileHandleForReading.readDataToEndOfFile()
        let messages = errors.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return (process.terminationStatus, text, String(decoding: messages, as: UTF8.self))
    }

    struct Report: Decodable {
        struct Machine: Decodable {
            let gigaflops: Double
            let availableProcessors, memoryBytes: Int
            let matrixLibrary: String
            let precisions: [String]
        }
        struct Memory: Decodable {
            struct Shape: Decodable { let users, items, interactions: Int }
            let dataset: Shape
            let parameterBytes, scoreBytes, evaluationBytes, interactionBytes, nameBytes, totalBytes: Int
        }
        let machine: Machine
        let memory: Memory?
        let warnings: [String]
    }

    static func report(_ arguments: String...) throws -> Report {
        let result = try doctor(arguments + ["--json"])
        #expect(result.status == 0 && result.errors.isEmpty)
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try decoder.decode(Report.self, from: result.output)
    }

    @Test("reports the machine alone") func machine() throws {
        let report = try Self.report()
        #expect(report.memory == nil)
        #expect(report.machine.gigaflops > 0 && report.machine.availableProcessors > 0 && report.machine.memoryBytes > 0)
        #expect(!report.machine.matrixLibrary.isEmpty)
        #expect(report.machine.precisions == (Precision.bfloat16.isAvailable ? ["fp32", "bf16"] : ["fp32"]))
    }

    @Test("adds up the memory of a made shape") func shape() throws {
        let memory = try #require(
            try Self.report(
                "--users", "10", "--items", "1000", "--mean-interactions", "2.5", "--hidden", "6", "--latent", "2", "--batch", "5"
            ).memory)
        // 1000 x 6 x 2 + 1000 + 6 + 6 x 2 x 3 + 2 x 2 + 6 = 13,052 weights.
        #expect(memory.parameterBytes == 13_052 * 12)
        #expect(memory.scoreBytes == 1_000 * 5 * 4 && memory.evaluationBytes == 1_000 * (5 * 4 + 6 * 2))
        #expect(memory.interactionBytes == 25 * 4 + 10 * 8 && memory.nameBytes == 1_010 * 80)
        #expect(memory.totalBytes == 13_052 * 12 + 52_000 + 180 + 80_800)
    }

    @Test("counts the memory of a sampled softmax") func sampled() throws {
        let memory = try #require(
            try Self.report(
                "--users", "10", "--items", "1000", "--mean-interactions", "2.5", "--hidden", "6", "--latent", "2", "--batch",
                "5",
                "--softmax", "sampled", "--negatives", "100"
            ).memory)
        // Weights and first moments; second moments of all but 1000 x 6 x 2 weights; two floats per row of these.
        #expect(memory.parameterBytes == 13_052 * 8 + 1_052 * 4 + 1_000 * 2 * 2 * 4)
        // 5 users of at most 3 clicks and 100 negatives; 20 bytes per item.
        #expect(memory.scoreBytes == 115 * 5 * 4 + 20_000)
        let million = try #require(
            try Self.report("--users", "200000", "--items", "1000000", "--mean-interactions", "20", "--softmax", "sampled").memory
        )
        #expect(million.totalBytes > 10_800_000_000 && million.totalBytes < 12_200_000_000)
        #expect(million.evaluationBytes == 67 * 4_000_000 + 600 * 2_000_000)
    }

    @Test("counts a prepared directory, with and without a last newline") func directory() throws {
        let folder = try TemporaryFolder()
        let files = [
            "unique_sid.txt": "a\nb\nc", "unique_uid.txt": "x\ny\n", "train.csv": "user,item\n0,0\n0,1\n1,2",
            "validation_tr.csv": "user,item\n", "validation_te.csv": "user,item", "test_tr.csv": "user,item\n2,0\n",
        ]
        for (name, text) in files { try folder.write(name, text) }
        let missing = try Self.doctor([folder.path])
        #expect(missing.status == 66 && missing.errors.contains("test_te.csv"))
        try folder.write("test_te.csv", "user,item\n2,1\n")
        let dataset = try #require(try Self.report(folder.path).memory).dataset
        #expect(dataset.users == 2 && dataset.items == 3 && dataset.interactions == 5)
    }

    @Test("warns when a dataset will not fit") func tooLarge() throws {
        let report = try Self.report("--users", "10", "--items", "2000000000000", "--mean-interactions", "1")
        #expect(report.warnings.contains { $0.hasPrefix("training needs") && $0.contains("--hidden") })
    }

    @Test(
        "refuses invalid sizes",
        arguments: [
            ["--users", "5"], ["--hidden", "0"], ["DIR", "--users", "5", "--items", "5", "--mean-interactions", "1"],
            ["--users", "5", "--items", "5", "--mean-interactions", "nan"],
            ["--users", "9223372036854775807", "--items", "5", "--mean-interactions", "10"],
            ["--users", "5", "--items", "9223372036854775807", "--mean-interactions", "10"],
        ])
    func refused(arguments: [String]) throws {
        let result = try Self.doctor(arguments)
        #expect(result.status == 64 && result.output.isEmpty && result.errors.contains("expected"))
    }
}
