/// The mean of `values` and its standard error: `m = sum x / n` and `sqrt(sum (x - m)^2 / (n - 1) / n)`.
///
/// Sums are taken in the order given. Without values both are nil; of one value the standard error is nil.
package func meanAndStandardError(of values: [Double]) -> (mean: Double?, standardError: Double?) {
    guard !values.isEmpty else { return (nil, nil) }
    let count = Double(values.count)
    let mean = values.reduce(0, +) / count
    guard values.count > 1 else { return (mean, nil) }
    let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    return (mean, (squares / (count - 1) / count).squareRoot())
}
