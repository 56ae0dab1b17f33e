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

    /// Each user has items in training and items to be found: weak generalization.
    ///
    /// - Parameters:
    ///   - heldOutItems: the fraction of a user's items, rounded down, that is to be found in the test; users with fewer than 5
    ///     items keep them all.
    ///   - validationItems: the same of the items that are left, for validation; the test shows them to the model.
    public static func weakGeneralization(
        heldOutItems: Double = 0.2, validationItems: Double = 0.1, seed: UInt32 = 98_765
    ) -> Split {
        Split(kind: .weak(.random(heldOutItems: heldOutItems, validationItems: validationItems)), seed: seed)
    }

    /// Each user's last item is to be found in the test, shown all before; the last but one in validation. Users with fewer than
    /// 3 items keep them all. Of items at the same time the later in the file is the last.
    ///
    /// Needs timestamps. Training knows what other people did after a user's last item; `temporal` does not.
    public static let leaveLastOut = Split(kind: .weak(.lastOut), seed: 0)

    /// What came last, whoever did it, is to be found: the latest fraction `heldOut` of all interactions in the test, as many
    /// before them in validation. Interactions at the same time stay together.
    ///
    /// Needs timestamps. Users without earlier interactions and items without training interactions are left out of what is to
    /// be found, and counted.
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

extension UserShare: CustomStringConvertible {
    public var description: String {
        switch self {
        case .count(let count): "\(count)"
        case .fraction(let fraction): "\(fraction)"
        }
    }
}
