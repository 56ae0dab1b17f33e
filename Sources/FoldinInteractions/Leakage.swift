/// Held-out interactions that a model was told of: figures on them are wrong.
public struct Leakage: Sendable, Equatable {
    /// Held-out interactions of validation or test that training has for the same user.
    public var inTraining = 0
    /// Of these, the ones that are not shown when judged: the model has learnt them, so figures are too high.
    public var learnt = 0
    /// Held-out interactions that are shown to the model when it is judged by them. What is shown is never ranked, so they count as
    /// misses and figures are too low.
    public var inFoldIn = 0
    /// Interactions to be found in the test that chose the epoch as well: held out of validation for the same user.
    public var inValidation = 0

    public init(inTraining: Int = 0, inFoldIn: Int = 0, inValidation: Int = 0, learnt: Int = 0) {
        (self.inTraining, self.inFoldIn, self.inValidation) = (inTraining, inFoldIn, inValidation)
        self.learnt = learnt
    }

    /// That of validation and test together.
    public init(choosing: Leakage, judging: Leakage) {
        self.init(
            inTraining: choosing.inTraining + judging.inTraining, inFoldIn: choosing.inFoldIn + judging.inFoldIn,
            inValidation: judging.inValidation, learnt: choosing.learnt + judging.learnt)
    }

    public var isNone: Bool { self == Leakage() }
}

extension PreparedDataset {
    /// Looks for every held-out interaction where it must not be. Costs a binary search each.
    ///
    /// Splits of `foldin prepare` have none; a split that was given may.
    public var leakage: Leakage {
        Leakage(choosing: validationLeakage, judging: testLeakage)
    }

    /// The same of the validation users alone, whose `inValidation` is 0.
    public var validationLeakage: Leakage { leakage(in: validation, chosenBy: nil) }

    /// The same of the test users alone.
    public var testLeakage: Leakage { leakage(in: test, chosenBy: validation) }

    private func leakage(in users: HeldOutUsers, chosenBy choosing: HeldOutUsers?) -> Leakage {
        var found = Leakage()
        let choosingRows = choosing.map { Dictionary(uniqueKeysWithValues: zip($0.userIndices, 0..<$0.count)) } ?? [:]
        for (row, user) in users.userIndices.enumerated() {
            let foldIn = users.foldIn.row(row)
            let trained = Int(user) < train.userCount ? train.row(Int(user)) : []
            let chosen = choosingRows[user].flatMap { choosing?.heldOut.row($0) } ?? []
            for item in users.heldOut.row(row) {
                let (isTrained, isShown) = (trained.hasSorted(item), foldIn.hasSorted(item))
                found.inTraining += isTrained ? 1 : 0
                found.inFoldIn += isShown ? 1 : 0
                found.learnt += isTrained && !isShown ? 1 : 0
                found.inValidation += chosen.hasSorted(item) ? 1 : 0
            }
        }
        return found
    }
}

extension ArraySlice<Int32> {
    /// Whether an ascending list has `element`.
    fileprivate func hasSorted(_ element: Int32) -> Bool {
        var (low, high) = (startIndex, endIndex)
        while low < high {
            let middle = (low + high) / 2
            if self[middle] < element { low = middle + 1 } else { high = middle }
        }
        return low < endIndex && self[low] == element
    }
}
