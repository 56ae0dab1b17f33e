/// How interactions are divided into training, validation and test.
public struct Split: Sendable {
    enum Kind: Sendable {
        case strongGeneralization(heldOutUsers: UserShare, heldOutItems: Double)
        case given(test: Ratings, validationItems: Double)
        case weak(WeakSplit)
    }

    let kind: Kind
    let seed: UInt32

    /// Whole users are held out, as in Liang et al., *Variational Autoencoders for Collaborative Filtering*, 2018.
    ///
    /// - Parameters:
    ///   - heldOutUsers: how many users, or which fraction of all, for validation and as many again for test.
    ///   - heldOutItems: the fraction of a held-out user's items, rounded down, that is held out; users with fewer than 5
    ///     items keep them all.
    ///   - seed: NumPy's seed, set anew for the users, for validation and for test.
    public static func strongGeneralization(heldOutUsers: UserShare, heldOutItems: Double = 0.2, seed: UInt32 = 98_765) -> Split {
        Split(kind: .strongGeneralization(heldOutUsers: heldOutUsers, heldOutItems: heldOutItems), seed: seed)
    }

    /// The data is already divided: these ratings are for training, those of `test` are the held-out items of the same users.
    ///
    /// `validationItems` is the fraction of each user's training items, rounded down, that is held out to choose the epoch;
    /// users with fewer than 5 keep them all in training. With 0 there is no validation.
    public static func given(test: Ratings, validationItems: Double = 0.1, seed: UInt32 = 98_765) -> Split {
        Split(kind: .given(test: test, validationItems: validationItems), seed: seed)
    }

    /// Each user has items in training and held-out items: weak generalization.
    ///
    /// - Parameters:
    ///   - heldOutItems: the fraction of a user's items, rounded down, that is held out for the test; users with fewer than 5
    ///     items keep them all.
    ///   - validationItems: the same fraction of the remaining items, for validation; in the test they are fold-in items.
    ///   - seed: the seed of the draws.
    public static func weakGeneralization(
        heldOutItems: Double = 0.2, validationItems: Double = 0.1, seed: UInt32 = 98_765
    ) -> Split {
        Split(kind: .weak(.random(heldOutItems: heldOutItems, validationItems: validationItems)), seed: seed)
    }

    /// Each user's last item is held out for the test, with all earlier items as fold-in; the last but one for validation. Users with fewer
    /// than 3 items keep them all. Of items at the same time, the later one in the file is the last.
    ///
    /// Needs timestamps. Training has interactions of other users that are later than a user's last item; with `temporal` it has not.
    public static let leaveLastOut = Split(kind: .weak(.lastOut), seed: 0)

    /// The latest interactions of all users are held out: the fraction `heldOut` of all interactions for the test, and as many
    /// before them for validation. Interactions at the same time stay together.
    ///
    /// Needs timestamps. Users without earlier interactions and items without training interactions are not held out,
    /// and counted.
    public static func temporal(heldOut: Double = 0.1) -> Split { Split(kind: .weak(.temporal(heldOut: heldOut)), seed: 0) }
}

/// Ways to divide each user's items.
enum WeakSplit: Sendable, Equatable {
    case random(heldOutItems: Double, validationItems: Double)
    case lastOut
    case temporal(heldOut: Double)

    var needsTimestamps: Bool {
        if case .random = self { return false }
        return true
    }
}

/// A number of users, absolute or as a fraction of all.
public enum UserShare: Sendable, Equatable, ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral {
    /// A number of users.
    case count(Int)
    /// A fraction of all users, at least 0 and below 0.5; the product is rounded down.
    case fraction(Double)

    /// A number of users.
    public init(integerLiteral count: Int) { self = .count(count) }
    /// A fraction of all users.
    public init(floatLiteral fraction: Double) { self = .fraction(fraction) }

    /// The number of users out of `total`, or nil if it is negative or not below 1.
    func count(of total: Int) -> Int? {
        switch self {
        case .count(let count): count >= 0 ? count : nil
        case .fraction(let fraction): fraction >= 0 && fraction < 1 ? Int(Double(total) * fraction) : nil
        }
    }
}

extension UserShare: CustomStringConvertible {
    /// The number or the fraction in digits.
    public var description: String {
        switch self {
        case .count(let count): "\(count)"
        case .fraction(let fraction): "\(fraction)"
        }
    }
}
