import Foldin
import FoldinKernels
import Foundation

extension Machine {
    /// What makes training slow or impossible on this machine, and what to do about each cause.
    func warnings(for memory: TrainingMemory?) -> [String] {
        [matrixWarning, instructionWarning, hugePageWarning, memory.flatMap(memoryWarning)].compactMap { $0 }
    }

    private var matrixWarning: String? {
        guard MatrixMultiply.isAvailable else {
            return "there is no library libopenblas.so.0, which a processor without AVX2 needs: apt install libopenblas0"
        }
        // Kernels for older processors are half as fast as those for AVX-512. OpenBLAS uses them if it is configured to, or if it is
        // older than the processor.
        let older = ["Haswell", "Zen", "Sandybridge", "Nehalem", "Prescott", "Core2"]
        guard has(.avx512), older.contains(where: { matrixLibrary.hasSuffix("(kernels: \($0))") }) else { return nil }
        if let chosen = ProcessInfo.processInfo.environment["OPENBLAS_CORETYPE"] {
            return "OPENBLAS_CORETYPE=\(chosen) keeps OpenBLAS from its AVX-512 kernels: unset OPENBLAS_CORETYPE"
        }
        return
            "this OpenBLAS does not use the processor's AVX-512: export OPENBLAS_CORETYPE=SKYLAKEX, or install a newer OpenBLAS"
    }

    private var instructionWarning: String? {
        guard features.contains(where: { $0.name == Processor.Feature.avx2.rawValue }), !has(.avx2) else { return nil }
        return "the processor has no AVX2, so the portable loops are used: a newer machine is several times faster"
    }

    private var hugePageWarning: String? {
        guard hugePages == "never" else { return nil }
        return "huge pages are off, large models train slower: "
            + "as root, echo madvise > /sys/kernel/mm/transparent_hugepage/enabled"
    }

    private func memoryWarning(_ memory: TrainingMemory) -> String? {
        let available = min(memoryBytes, availableMemoryBytes ?? memoryBytes)
        guard memory.totalBytes > available else { return nil }
        return "training needs \(memory.totalBytes.formattedBytes) and \(available.formattedBytes) is available: "
            + "use --softmax sampled, a smaller --hidden or --batch, keep fewer items (foldin prepare --min-item-interactions), or free memory"
    }

    private func has(_ feature: Processor.Feature) -> Bool { features.contains { $0.name == feature.rawValue && $0.present } }
}
