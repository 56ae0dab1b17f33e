import Foldin
import FoldinKernels
import Foundation

/// The properties of the machine that `foldin doctor` reports.
struct Machine: Encodable {
    struct Feature: Encodable {
        let name: String
        let present: Bool
    }

    private enum CodingKeys: String, CodingKey {
        case processor, features, processors, precisions, gigaflops
        case availableProcessors = "available_processors"
        case matrixLibrary = "matrix_library"
        case memoryBytes = "memory_bytes"
        case availableMemoryBytes = "available_memory_bytes"
        case hugePages = "huge_pages"
    }

    let processor: String?
    let features: [Feature]
    let processors: Int
    let availableProcessors: Int
    let matrixLibrary: String
    /// The values of `--precision` that this machine supports.
    let precisions: [Precision]
    /// The measured speed of matrix products on one thread.
    let gigaflops: Double
    /// The memory of the machine or, if smaller, of the container.
    let memoryBytes: Int
    /// The memory that can be allocated without swapping; nil where the system does not say.
    let availableMemoryBytes: Int?
    /// `always`, `madvise` or `never`; nil where the system does not say.
    let hugePages: String?

    init() {
        #if arch(x86_64)
        let kinds: [Processor.Feature] = [.avx2, .avx512, .avx512BFloat16]
        #else
        let kinds: [Processor.Feature] = [.neon]
        #endif
        processor = Processor.model
        features = kinds.map { Feature(name: $0.rawValue, present: $0.isPresent) }
        processors = ProcessInfo.processInfo.processorCount
        availableProcessors = Workers.availableProcessors
        matrixLibrary = MatrixMultiply.libraryDescription
        precisions = Precision.allCases.filter(\.isAvailable)
        gigaflops = MatrixMultiply.isAvailable ? MatrixMultiply.measuredGigaflops() : 0
        memoryBytes = SystemMemory.total
        availableMemoryBytes = SystemMemory.available
        hugePages = Machine.hugePages()
    }

    /// The word in brackets of, for example, `always [madvise] never`.
    private static func hugePages() -> String? {
        text(of: "/sys/kernel/mm/transparent_hugepage/enabled")?.split(separator: " ").first { $0.hasPrefix("[") }
            .map { String($0.dropFirst().dropLast()) }
    }

    private static func text(of path: String) -> String? {
        (try? String(contentsOfFile: path, encoding: .utf8))?.trimmingCharacters(in: .whitespacesAndNewlines)
    }
}
