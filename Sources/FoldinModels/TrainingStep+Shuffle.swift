import CFoldinKernels

extension TrainingStep {
    /// All of `0..<count` in an order drawn for `epoch`: a function of the seed and the epoch alone.
    ///
    /// Fisher and Yates' shuffle; the draw of a bounded number is Lemire's multiplication, whose bias is below count / 2^32.
    public func shuffled(_ count: Int, epoch: Int) -> [Int32] {
        var order = (0..<count).map { Int32($0) }
        var words = [UInt32](repeating: 0, count: count)
        foldin_random_words(source(RandomStream.shuffle, UInt64(epoch)), 0, count, &words)
        for last in stride(from: count - 1, to: 0, by: -1) {
            // Swift shifts before it multiplies: the parentheses matter.
            order.swapAt(last, Int((UInt64(words[last]) * UInt64(last + 1)) >> 32))
        }
        return order
    }
}
