import FoldinSupport
import Testing

#if os(Linux)
@Suite("The system's memory", .serialized) struct SystemMemoryTests {
    @Test func sizesAreThoseOfAProcess() throws {
        let available = try #require(SystemMemory.available)
        let peak = try #require(SystemMemory.peak)
        #expect(available > 0 && peak > 1_000_000 && peak < 1 << 42)
    }

    /// A buffer that was used and freed counts until the peak is reset.
    @Test func thePeakCanBeForgotten() throws {
        let before = try #require(SystemMemory.peak)
        do {
            let floats = UnsafeMutableBufferPointer<Float>.allocate(capacity: 100_000_000)
            defer { floats.deallocate() }
            floats.initialize(repeating: 1)
            #expect(floats[floats.count - 1] == 1)
        }
        let after = try #require(SystemMemory.peak)
        #expect(after > 400_000_000 && after >= before)
        if SystemMemory.forgetPeak() { #expect(try #require(SystemMemory.peak) < after - 200_000_000) }
    }
}
#endif
