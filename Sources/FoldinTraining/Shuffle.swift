import FoldinKernels
import FoldinModels

/// The order in which a pass goes over the users.
public enum Shuffle {
    /// All of `0..<count` in an order drawn for `pass`, from 1: a function of the seed and the pass alone.
    ///
    /// Fisher and Yates' shuffle; the draw of a bounded number is Lemire's multiplication, whose bias is below count / 2^32.
    public static func order(_ count: Int, pass: Int, seed: UInt64) -> [Int32] {
        var order = (0..<count).map { Int32($0) }
        var words = [UInt32](repeating: 0, count: count)
        let source = StepRandomness(seed: seed, step: UInt64(pass)).source(RandomStream.shuffle)
        words.withUnsafeMutableBufferPointer { source.words(into: $0) }
        for last in stride(from: count - 1, to: 0, by: -1) {
            // Swift shifts before it multiplies: the parentheses matter.
            order.swapAt(last, Int((UInt64(words[last]) * UInt64(last + 1)) >> 32))
        }
        return order
    }
}
