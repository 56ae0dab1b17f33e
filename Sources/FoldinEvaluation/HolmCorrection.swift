/// Holm's correction of p-values for several tests at once (Holm 1979).
///
/// With the p-values in ascending order, the i-th of n, from 0, is multiplied by n - i; none is less than the one before, or more than 1. A result
/// below 0.05 is then so for all tests together: the chance that any of them is wrong is at most 5%.
///
/// - Parameter values: p-values; nil for a test without one, which does not count.
/// - Returns: the corrected values in the same order.
public func holmCorrected(_ values: [Double?]) -> [Double?] {
    let order = values.indices.filter { values[$0] != nil }.sorted { (values[$0] ?? 1, $0) < (values[$1] ?? 1, $1) }
    var result = [Double?](repeating: nil, count: values.count)
    var largest = 0.0
    for (place, index) in order.enumerated() {
        largest = max(largest, min(1, (values[index] ?? 1) * Double(order.count - place)))
        result[index] = largest
    }
    return result
}
