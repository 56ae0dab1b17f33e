import FoldinKernels
import FoldinSupport
import Foundation

/// What a run was made by and on: the part of `run.json` that tells how to make it again, and why its seconds may differ elsewhere.
public struct RunEnvironment: Sendable, Codable, Equatable {
    /// The version of Foldin, `FoldinVersion.text`.
    public let foldin: String
    /// The processor's name; nil where the system does not tell.
    public let processor: String?
    /// The processors that this process may use.
    public let processors: Int
    /// The bytes of memory of the machine or, if smaller, of the container.
    public let memoryBytes: Int
    /// The threads that were used. The model does not depend on them.
    public let threads: Int
    /// The words of the command line.
    public let command: [String]

    /// This process on this machine.
    public init(threads: Int) {
        foldin = FoldinVersion.text
        processor = Processor.model
        processors = Workers.availableProcessors
        memoryBytes = SystemMemory.total
        self.threads = threads
        command = CommandLine.arguments
    }

    /// The environment in a run's record, `run.json`; nil without the file, and for one of a version that did not write it.
    public init?(recordedIn path: String) {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        guard let file = try? MappedFile(contentsOf: path, atMost: MappedFile.smallFileLimit, onlyRegular: true),
            let record = try? decoder.decode(EnvironmentOfRecord.self, from: file.withBytes { Data($0) })
        else { return nil }
        self = record.environment
    }
}

/// The part of a record that `RecordWithEnvironment` adds.
private struct EnvironmentOfRecord: Decodable {
    let environment: RunEnvironment
}

/// A record with the environment beside its own fields.
struct RecordWithEnvironment<Record: Encodable>: Encodable {
    let record: Record
    let environment: RunEnvironment

    private enum CodingKeys: String, CodingKey { case environment }

    func encode(to encoder: any Encoder) throws {
        try record.encode(to: encoder)
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(environment, forKey: .environment)
    }
}
