import Foundation

/// Student's t distribution with `degrees` of freedom, more than 0.
struct StudentT {
    let degrees: Double

    /// The probability of a value at least as far from 0 as `t`, on both sides: `I_x(degrees / 2, 1 / 2)` with
    /// `x = degrees / (degrees + t^2)` (Abramowitz and Stegun 26.7.1). Relative error about 1e-11.
    func twoSidedTail(_ t: Double) -> Double {
        if t.isInfinite { return 0 }
        return regularizedBeta(degrees / (degrees + t * t), complement: t * t / (degrees + t * t), degrees / 2, 0.5)
    }

    /// The value that is passed on either side with probability `tail` in (0, 1) altogether: 1.96 for 0.05 and many degrees.
    func quantile(twoSidedTail tail: Double) -> Double {
        precondition(tail > 0 && tail < 1, "a tail of \(tail) has no quantile")
        var low = 0.0
        var high = 1.0
        while twoSidedTail(high) > tail { (low, high) = (high, high * 2) }
        while true {
            let middle = low + (high - low) / 2
            if middle <= low || middle >= high { return middle }
            if twoSidedTail(middle) > tail { low = middle } else { high = middle }
        }
    }
}

/// The regularised incomplete beta function `I_x(a, b)`; `complement` is `1 - x`, given apart because x may be near 1.
private func regularizedBeta(_ x: Double, complement: Double, _ a: Double, _ b: Double) -> Double {
    if x <= 0 { return 0 }
    if complement <= 0 { return 1 }
    // The fraction converges fast on the near side of the mean only.
    if x > (a + 1) / (a + b + 2) { return 1 - regularizedBeta(complement, complement: x, b, a) }
    let logarithm = lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log(complement)
    return exp(logarithm) * betaFraction(x, a, b) / a
}

/// The continued fraction of the incomplete beta function (Abramowitz and Stegun 26.5.8), from the front as Lentz (1976) does.
private func betaFraction(_ x: Double, _ a: Double, _ b: Double) -> Double {
    func awayFromZero(_ value: Double) -> Double { abs(value) < 1e-300 ? 1e-300 : value }
    var c = 1.0
    var d = 1 / awayFromZero(1 - (a + b) * x / (a + 1))
    var value = d
    for step in 1...10_000 {
        let m = Double(step)
        for term in [
            m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)), -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)),
        ] {
            d = 1 / awayFromZero(1 + term * d)
            c = awayFromZero(1 + term / c)
            value *= c * d
        }
        if abs(c * d - 1) < 1e-15 { break }
    }
    return value
}
