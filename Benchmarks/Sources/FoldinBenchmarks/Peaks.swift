import CMachinePeak
import FoldinKernels

/// What the machine can do at most, as benchmarks to be timed beside the others.
struct Peaks {
    let workers: Workers
    /// Larger than any cache.
    private let memory = FloatBuffer(count: 64 << 20)

    /// Multiplications and additions in registers, on all threads.
    func arithmetic(_ kind: peak_kind) -> Benchmark {
        let rounds = 2_000_000
        let amount = peak_run(Int32(kind.rawValue), rounds) * Double(workers.count)
        return Benchmark(
            name: kind == PEAK_BFLOAT16 ? "peak, bfloat16" : "peak, single precision (\(String(cString: peak_instructions())))",
            amount: amount, unit: "GFLOP/s"
        ) {
            workers.forEach(workers.count) { _, _ in _ = peak_run(Int32(kind.rawValue), rounds) }
        }
    }

    var hasBFloat16: Bool { peak_has(Int32(PEAK_BFLOAT16.rawValue)) }

    /// Reads and writes 256 MB where they are, as Adam does, on all threads; read and written bytes both count.
    func bandwidth() -> Benchmark {
        Benchmark(name: "memory, read and written in place", amount: Double(memory.count * 8), unit: "GB/s") {
            workers.forEachPiece(of: memory.count, size: 1 << 18) { piece, _ in
                peak_scale(memory.pointer + piece.lowerBound, piece.count, 0.999)
            }
        }
    }
}
