/// Counts of held-out interactions that a model knows already, which make its metrics wrong.
public struct Leakage: Sendable, Equatable {
    /// Held-out interactions of validation or test that are in the training rows of the same user.
    public var inTraining = 0
    /// The part of `inTraining` that is not in the fold-in rows: the model has learnt these interactions, so metrics are too high.
    public var learnt = 0
    /// Held-out interactions that are in the fold-in rows of the same user. Fold-in items are never ranked, so these count as misses and
    /// metrics are too low.
    public var inFoldIn = 0
    /// Held-out interactions of the test that are held out of validation for the same user, and so chose the epoch as well.
    public var inValidation = 0

    /// Creates counts; the parameters are the properties of the same names.
    public init(inTraining: Int = 0, inFoldIn: Int = 0, inValidation: Int = 0, learnt: Int = 0) {
        (self.inTraining, self.inFoldIn, self.inValidation) = (inTraining, inFoldIn, inValidation)
        self.learnt = learnt
    }

    /// The sum of the counts of validation and test.
    public init(validation: Leakage, test: Leakage) {
        self.init(
            inTraining: validation.inTraining + test.inTraining, inFoldIn: validation.inFoldIn + test.inFoldIn,
            inValidation: test.inValidation, learnt: validation.learnt + test.learnt)
    }

    /// Whether all counts are 0.
    public var isNone: Bool { self == Leakage() }
}

extension PreparedDataset {
    /// The leakage of the validation and the test users together. Takes a few binary searches per held-out interaction.
    ///
    /// Splits made by `foldin prepare` have none; a split that was supplied may.
    public var leakage: Leakage {
        Leakage(validation: validationLeakage, test: testLeakage)
    }

    /// The leakage of the validation users; its `inValidation` is 0.
    public var validationLeakage: Leakage { leakage(of: validation, validation: nil) }

    /// The leakage of the test users.
    public var testLeakage: Leakage { leakage(of: test, validation: validation) }

    private func leakage(of users: HeldOutUsers, validation: HeldOutUsers?) -> Leakage {
        var found = Leakage()
        let validationRows = validation.map { Dictionary(uniqueKeysWithValues: zip($0.userIndices, 0..<$0.count)) } ?? [:]
        for (row, user) in users.userIndices.enumerated() {
            let foldIn = users.foldIn.row(row)
            let trained = Int(user) < train.userCount ? train.row(Int(user)) : []
            let validated = validationRows[user].flatMap { validation?.heldOut.row($0) } ?? []
            for item in users.heldOut.row(row) {
                let (isTrained, isFoldIn) = (trained.hasSorted(item), foldIn.hasSorted(item))
                found.inTraining += isTrained ? 1 : 0
                found.inFoldIn += isFoldIn ? 1 : 0
                found.learnt += isTrained && !isFoldIn ? 1 : 0
                found.inValidation += validated.hasSorted(item) ? 1 : 0
            }
        }
        return found
    }
}

extension ArraySlice<Int32> {
    /// Whether an ascending list contains `element`.
    fileprivate func hasSorted(_ element: Int32) -> Bool {
        var (low, high) = (startIndex, endIndex)
        while low < high {
            let middle = (low + high) / 2
            if self[middle] < element { low = middle + 1 } else { high = middle }
        }
        return low < endIndex && self[low] == element
    }
}
