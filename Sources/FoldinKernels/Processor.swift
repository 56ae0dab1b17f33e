import CFoldinKernels
import Foundation

/// The processor that this program runs on, and the instruction sets that it has.
public enum Processor {
    /// An instruction set that Foldin's speed depends on.
    public enum Feature: String, Sendable, CaseIterable {
        /// AVX2 with FMA, BMI1, BMI2 and POPCNT.
        case avx2 = "AVX2"
        /// AVX-512 F, BW, DQ and VL.
        case avx512 = "AVX-512F"
        /// Products of bfloat16 in AVX-512.
        case avx512BFloat16 = "AVX-512 BF16"
        /// The vectors of 64-bit ARM processors.
        case neon = "NEON"

        /// Whether the processor and the operating system have it.
        public var isPresent: Bool {
            switch self {
            case .avx2: Processor.has(FOLDIN_AVX2)
            case .avx512: Processor.has(FOLDIN_AVX512)
            case .avx512BFloat16: Processor.has(FOLDIN_AVX512_BF16)
            case .neon: Processor.has(FOLDIN_NEON)
            }
        }
    }

    /// Whether the processor has an instruction set that kernels are compiled for.
    public static func has(_ instructionSet: foldin_instruction_set) -> Bool {
        foldin_processor_has(Int32(instructionSet.rawValue))
    }

    /// Whether Foldin's products of bytes are faster than its products of floats: with AVX2 and without AVX-512.
    public static var isFasterWithBytes: Bool { has(FOLDIN_AVX2) && !has(FOLDIN_AVX512) }

    /// The processor's model name, or nil if the operating system does not provide it.
    public static var model: String? {
        #if canImport(Darwin)
        var size = 0
        guard sysctlbyname("machdep.cpu.brand_string", nil, &size, nil, 0) == 0, size > 0 else { return nil }
        var name = [UInt8](repeating: 0, count: size)
        guard sysctlbyname("machdep.cpu.brand_string", &name, &size, nil, 0) == 0 else { return nil }
        return String(decoding: name.prefix { $0 != 0 }, as: UTF8.self)
        #else
        guard let text = try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8) else { return nil }
        let line = text.split(separator: "\n").first { $0.hasPrefix("model name") }
        return line?.split(separator: ":", maxSplits: 1).last.map { $0.trimmingCharacters(in: .whitespaces) }
        #endif
    }
}
