/// How interactions are divided into training, validation and test.
public struct Split: Sendable {
    enum Kind: Sendable {
        case strongGeneralization(heldOutUsers: UserShare, heldOutItems: Double)
        case given(test: Ratings, validationItems: Double)
    }

    let kind: Kind
    let seed: UInt32

    /// Whole users are held out, as in Liang et al., *Variational Autoencoders for Collaborative Filtering*, 2018.
    ///
    /// - Parameters:
    ///   - heldOutUsers: how many users, or which fraction of all, for validation and as many again for test.
    ///   - heldOutItems: the fraction of a held-out user's items, rounded down, that is to be found; users with fewer than 5
    ///     items keep them all.
    ///   - seed: NumPy's seed, set anew for the users, for validation and for test.
    public static func strongGeneralization(heldOutUsers: UserShare, heldOutItems: Double = 0.2, seed: UInt32 = 98_765) -> Split {
        Split(kind: .strongGeneralization(heldOutUsers: heldOutUsers, heldOutItems: heldOutItems), seed: seed)
    }

    /// The data came divided: these ratings are for training, `test` is to be found, for the same users.
    ///
    /// `validationItems` is the fraction of each user's training items, rounded down, that is kept for choosing the epoch;
    /// users with fewer than 5 keep them all in training. With 0 there is no validation.
    public static func given(test: Ratings, validationItems: Double = 0.1, seed: UInt32 = 98_765) -> Split {
        Split(kind: .given(test: test, validationItems: validationItems), seed: seed)
    }
}

/// A number of users, as such or as a fraction of all.
public enum UserShare: Sendable, Equatable, ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral {
    case count(Int)
    /// At least 0 and below 0.5; the product is rounded down.
    case fraction(Double)

    public init(integerLiteral count: Int) { self = .count(count) }
    public init(floatLiteral fraction: Double) { self = .fraction(fraction) }

    /// The number of users out of `total`, or nil if it is no number that can be.
    func count(of total: Int) -> Int? {
        switch self {
        case .count(let count): count >= 0 ? count : nil
        case .fraction(let fraction): fraction >= 0 && fraction < 1 ? Int(Double(total) * fraction) : nil
        }
    }
}
