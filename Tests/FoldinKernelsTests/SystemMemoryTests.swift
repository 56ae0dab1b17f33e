import Testing

@testable import FoldinKernels

#if os(Linux)
    @Suite("The system's memory", .serialized) struct SystemMemoryTests {
        @Test func sizesAreThoseOfAProcess() throws {
            let available = try #require(SystemMemory.available)
            let peak = try #require(SystemMemory.peak)
            #expect(available > 0 && peak > 1_000_000 && peak < 1 << 42)
        }

        /// A buffer that was touched and is gone counts until the peak is forgotten.
        @Test func thePeakCanBeForgotten() throws {
            let before = try #require(SystemMemory.peak)
            do {
                let buffer = FloatBuffer(count: 100_000_000)
                buffer.pointer.update(repeating: 1, count: buffer.count)
                #expect(buffer.pointer[buffer.count - 1] == 1)
            }
            let after = try #require(SystemMemory.peak)
            #expect(after > 400_000_000 && after >= before)
            if SystemMemory.forgetPeak() { #expect(try #require(SystemMemory.peak) < after - 200_000_000) }
        }
    }
#endif
