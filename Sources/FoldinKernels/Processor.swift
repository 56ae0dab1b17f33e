import CFoldinKernels
import Foundation

/// The processor this program runs on, for people who wonder about its speed.
public enum Processor {
    /// An instruction set that Foldin's speed depends on.
    public enum Feature: String, Sendable, CaseIterable {
        case avx2 = "AVX2"
        case avx512 = "AVX-512F"
        case avx512BFloat16 = "AVX-512 BF16"
        case neon = "NEON"

        /// Whether the processor and the operating system have it.
        public var isPresent: Bool {
            switch self {
            case .avx2: foldin_processor_has(Int32(FOLDIN_PROCESSOR_AVX2.rawValue))
            case .avx512: foldin_processor_has(Int32(FOLDIN_PROCESSOR_AVX512F.rawValue))
            case .avx512BFloat16: foldin_processor_has(Int32(FOLDIN_PROCESSOR_AVX512_BF16.rawValue))
            case .neon: foldin_processor_has(Int32(FOLDIN_PROCESSOR_NEON.rawValue))
            }
        }
    }

    /// The maker's name for it, as the operating system tells, or nil if it does not.
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
