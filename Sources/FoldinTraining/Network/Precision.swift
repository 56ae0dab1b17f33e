import FoldinInteractions
import FoldinKernels
import FoldinSupport

/// The numbers that the last layer's products multiply while a model trains. Weights, Adam's moments, sums and the model file
/// are of single precision either way.
public enum Precision: String, Sendable, Codable, CaseIterable {
    /// Single precision throughout.
    case float32 = "fp32"
    /// The last layer's operands (its input, its weights and the loss's gradient) are rounded to bfloat16 as they are read;
    /// products are summed in single precision. Exponentials are stored in bfloat16.
    case bfloat16 = "bf16"

    /// Whether this processor can train with it.
    public var isAvailable: Bool { self == .float32 || Processor.Feature.avx512BFloat16.isPresent }

    /// Checks that this precision is available.
    ///
    /// - Parameter isAvailable: whether it can; by default what the processor says.
    /// - Throws: `FoldinError` of kind `usage`.
    public func check(isAvailable: Bool? = nil) throws {
        guard isAvailable ?? self.isAvailable else {
            throw FoldinError(
                .usage, found: "precision \(rawValue) on a processor without the instructions for it",
                expected:
                    "one with AVX512_BF16 (AMD Zen 4, Intel Cooper Lake, or later), or precision \(Precision.float32.rawValue)")
        }
    }
}
