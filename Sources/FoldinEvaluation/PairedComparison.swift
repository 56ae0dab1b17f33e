import FoldinSupport

/// Two runs evaluated on the same users: whether the difference of their means is more than noise.
///
/// The paired t test: with `d` the second run's value minus the first's for each user, `t = mean(d) / (sd(d) / sqrt(n))` is compared
/// with Student's t distribution with `n - 1` degrees of freedom (Student 1908). Users differ far more than runs
/// do, so this finds differences that the two standard errors alone do not show.
public struct PairedComparison: Sendable, Equatable {
    /// The number of users that both runs have a value for.
    public let users: Int
    /// The first run's mean over these users; nil when there are none.
    public let firstMean: Double?
    /// The second run's mean over these users; nil when there are none.
    public let secondMean: Double?
    /// The mean of the second run's value minus the first's; nil without users.
    public let difference: Double?
    /// The standard error of `difference`; nil for fewer than two users.
    public let standardError: Double?
    /// The interval that covers the true difference in 95 of 100 such experiments; nil for fewer than two users.
    public let confidenceInterval: ClosedRange<Double>?
    /// The probability of a difference at least as large, either way, between runs that do not differ; nil for fewer than two
    /// users. Where every user's difference is the same it is 0, or 1 if that difference is 0.
    public let pValue: Double?

    /// Compares values of the same users in the same order.
    public init(_ first: [Double], _ second: [Double]) {
        precondition(first.count == second.count, "\(first.count) values cannot be paired with \(second.count)")
        users = first.count
        firstMean = meanAndStandardError(of: first).mean
        secondMean = meanAndStandardError(of: second).mean
        (difference, standardError) = meanAndStandardError(of: zip(first, second).map { $1 - $0 })
        guard let difference, let standardError else {
            (confidenceInterval, pValue) = (nil, nil)
            return
        }
        let distribution = StudentT(degrees: Double(first.count - 1))
        let reach = distribution.quantile(twoSidedTail: 0.05) * standardError
        confidenceInterval = difference - reach...difference + reach
        pValue = standardError > 0 ? distribution.twoSidedTail(difference / standardError) : difference == 0 ? 1 : 0
    }

    /// Compares values by user; users that only one run has a value for are left out.
    ///
    /// `firstUsers[i]` is the user of `first[i]`, without repeats; sums are taken in the order of the first run's users.
    public init(_ first: [Double], of firstUsers: [Int32], _ second: [Double], of secondUsers: [Int32]) {
        precondition(first.count == firstUsers.count && second.count == secondUsers.count, "each value needs its user")
        if firstUsers == secondUsers {
            self.init(first, second)
            return
        }
        let values = Dictionary(uniqueKeysWithValues: zip(secondUsers, second))
        let pairs = zip(firstUsers, first).compactMap { user, value in values[user].map { (value, $0) } }
        self.init(pairs.map(\.0), pairs.map(\.1))
    }

    /// Compares one metric of two evaluations; nil if either lacks it or it is a catalogue metric, which has no value per user.
    public init?(_ first: UserMetrics, _ second: UserMetrics, by metric: Metric) {
        guard let firstValues = first[metric], let secondValues = second[metric] else { return nil }
        self.init(firstValues, of: first.userIndices, secondValues, of: second.userIndices)
    }
}
