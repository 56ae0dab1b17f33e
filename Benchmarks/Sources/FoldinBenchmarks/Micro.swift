import CFoldinKernels
import CMachinePeak
import Foldin
import FoldinKernels
import Foundation

#if canImport(CPeerBLAS)
import CPeerBLAS
#endif

/// The loops that a step, an evaluation and a recommendation are made of, one by one, on one thread.
enum Micro {
    static let (items, batch, hidden, panel) = (20_108, 500, 600, 256)

    /// Products at the step's shapes, by Foldin and by the BLAS.
    static func products() -> [Benchmark] {
        // What is multiplied does not matter to the time, as long as it is finite and not tiny.
        let left = noise(batch * hidden)
        let right = noise(items * hidden)
        let product = FloatBuffer(count: max(batch, panel) * max(hidden, panel))
        let line = FloatBuffer(count: items)
        let shapes: [(name: String, rows: Int, columns: Int, inner: Int, a: Bool, b: Bool)] = [
            ("X W' 500 x 256 x 600", batch, panel, hidden, false, true),
            ("G W  500 x 600 x 256", batch, hidden, panel, false, false),
            ("G' X 256 x 600 x 500", panel, hidden, batch, true, false),
            ("1 user, one panel: 1 x 512 x 600", 1, 512, hidden, false, true),
            ("1 user, all items: 1 x 20108 x 600", 1, items, hidden, false, true),
        ]
        return shapes.flatMap { shape -> [Benchmark] in
            let (rows, columns, inner) = (shape.rows, shape.columns, shape.inner)
            let aStride = shape.a ? rows : inner
            let bStride = shape.b ? inner : columns
            let target = rows == 1 ? line : product
            let amount = Double(2 * rows * columns * inner)
            var found = [
                Benchmark(name: shape.name, amount: amount, unit: "GFLOP/s") {
                    let a: MatrixOperand =
                        shape.a ? .transposed(left.pointer, stride: aStride) : .plain(left.pointer, stride: aStride)
                    let b: MatrixOperand =
                        shape.b ? .transposed(right.pointer, stride: bStride) : .plain(right.pointer, stride: bStride)
                    matrixMultiply(rows: rows, columns: columns, inner: inner, a, b, into: target.pointer, stride: columns)
                }
            ]
            #if canImport(CPeerBLAS)
            openblas_set_num_threads(1)
            found.append(
                Benchmark(name: shape.name + ", OpenBLAS", amount: amount, unit: "GFLOP/s") {
                    cblas_sgemm(
                        CblasRowMajor, shape.a ? CblasTrans : CblasNoTrans, shape.b ? CblasTrans : CblasNoTrans,
                        Int32(rows), Int32(columns), Int32(inner), 1, left.pointer, Int32(aStride), right.pointer,
                        Int32(bStride), 0, target.pointer, Int32(columns))
                })
            #endif
            return found
        }
    }

    /// Softmax, Adam, the first layer's sum of rows, the best of a row.
    static func loops() -> [Benchmark] {
        let panel = noise(batch * Self.panel)
        let logits = noise(batch * Self.panel)
        let bias = noise(Self.panel)
        let maxima = FloatBuffer(count: batch)
        let sums = FloatBuffer(count: batch)
        let weights = (0..<4).map { _ in noise(items * hidden) }
        for index in 0..<weights[2].count { weights[2].pointer[index] *= weights[2].pointer[index] }
        let scores = noise(items)
        let clicked = (0..<73).map { Int32($0 * 271) }
        let factors = [Float](repeating: 0.1, count: clicked.count)
        let scratch = UnsafeMutablePointer<UInt64>.allocate(capacity: TopK.scratchCount(100))
        let best = UnsafeMutablePointer<Int32>.allocate(capacity: 100)
        let sum = FloatBuffer(count: hidden)
        var update = foldin_adam_step(
            step_size: 1e-3, second_moment_scale: 1, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, shrink: 1, l2: 0)
        return [
            Benchmark(name: "exponentials of a panel, 500 x 256", amount: Double(panel.count), unit: "10^9/s") {
                panel.copy(from: logits)
                foldin_exponentials(batch, Self.panel, panel.pointer, bias.pointer, maxima.pointer, sums.pointer)
            },
            Benchmark(name: "Adam, 12 million weights in memory", amount: 28 * Double(items * hidden), unit: "GB/s") {
                foldin_adam(
                    &update, items * hidden, weights[0].pointer, weights[1].pointer, weights[2].pointer, weights[3].pointer)
            },
            Benchmark(name: "first layer, 73 clicks x 600", amount: 4 * 73 * 600, unit: "GB/s") {
                foldin_sum_rows(hidden, bias.pointer, clicked.count, clicked, factors, weights[0].pointer, sum.pointer)
            },
            Benchmark(name: "the 100 best of 20,108", amount: Double(items), unit: "10^9/s") {
                _ = TopK.select(100, of: scores.pointer, count: items, scratch: scratch, into: best)
            },
        ]
    }

    /// Reading a made ratings file of about 2 million rows, on all threads.
    static func parsing(workers: Workers, folder: String) throws -> Benchmark {
        let path = folder + "/ratings.csv"
        _ = try SyntheticRatings(users: 27_000, items: 26_744, meanInteractions: 73, seed: 98_765).write(to: path)
        let size = try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int ?? 0
        return Benchmark(name: "reading \(size / 1_000_000) MB of ratings", amount: Double(size), unit: "GB/s") {
            do { _ = try Ratings(contentsOf: path, workers: workers) } catch { preconditionFailure("\(error)") }
        }
    }

    private static func noise(_ count: Int) -> FloatBuffer {
        let buffer = FloatBuffer(count: count)
        foldin_random_uniform(foldin_random_source(seed: 1, stream: 9, step: 0), 0, count, buffer.pointer)
        for index in 0..<count { buffer.pointer[index] -= 0.5 }
        return buffer
    }
}
