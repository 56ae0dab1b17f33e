import CFoldinKernels

/// A mixture of three normal distributions for each element of a latent vector (Shenbin et al., WSDM 2020): the standard normal,
/// one with the moments of an earlier posterior, and a wide one around 0.
public struct CompositePrior: Sendable {
    let constants: foldin_composite_prior

    /// A mixture with the logarithms of the three weights, and of the wide distribution's variance.
    public init(logStandard: Float, logEarlier: Float, logWide: Float, wideLogVariance: Float) {
        constants = foldin_composite_prior(log_weights: (logStandard, logEarlier, logWide), wide_log_variance: wideLogVariance)
    }

    /// The logarithm of the weight of the standard normal distribution.
    public var logStandard: Float { constants.log_weights.0 }
    /// The logarithm of the weight of the earlier posterior.
    public var logEarlier: Float { constants.log_weights.1 }
    /// The logarithm of the weight of the wide distribution.
    public var logWide: Float { constants.log_weights.2 }
    /// The logarithm of the variance of the wide distribution.
    public var wideLogVariance: Float { constants.wide_log_variance }
}
