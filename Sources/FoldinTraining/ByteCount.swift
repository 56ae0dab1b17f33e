/// A number of bytes to be: arithmetic that remembers an overflow instead of trapping.
package struct ByteCount: Sendable, Equatable {
    /// Nil after an overflow.
    package let value: Int?

    package init(_ value: Int?) { self.value = value }

    package static func + (a: ByteCount, b: ByteCount) -> ByteCount {
        guard let a = a.value, let b = b.value else { return ByteCount(nil) }
        let (sum, overflow) = a.addingReportingOverflow(b)
        return ByteCount(overflow ? nil : sum)
    }

    package static func * (a: ByteCount, b: ByteCount) -> ByteCount {
        guard let a = a.value, let b = b.value else { return ByteCount(nil) }
        let (product, overflow) = a.multipliedReportingOverflow(by: b)
        return ByteCount(overflow ? nil : product)
    }

    package static func + (a: ByteCount, b: Int) -> ByteCount { a + ByteCount(b) }
    package static func * (a: ByteCount, b: Int) -> ByteCount { a * ByteCount(b) }

    package static func sum(_ terms: [ByteCount]) -> ByteCount { terms.reduce(ByteCount(0), +) }
}
