import CFoldinKernels

extension Array {
    /// An array of at most `capacity` elements on huge pages, if the system has them; for arrays of many megabytes.
    ///
    /// `body` initialises elements from the first on and returns their number. `Element` must be a trivial type.
    public init(largeCapacity capacity: Int, _ body: (_ elements: UnsafeMutablePointer<Element>) -> Int) {
        // For a capacity of 0 the standard library would write to the empty array that all threads share.
        self.init(unsafeUninitializedCapacity: Swift.max(1, capacity)) { buffer, count in
            guard let start = buffer.baseAddress else { return }
            foldin_advise_huge_pages(start, capacity * MemoryLayout<Element>.stride)
            count = body(start)
            precondition(count <= capacity, "\(count) elements initialised; the capacity is \(capacity)")
        }
    }
}
