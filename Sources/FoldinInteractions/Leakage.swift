/// Held-out interactions that a model was told of: figures on them say nothing.
public struct Leakage: Sendable, Equatable {
    /// Held-out interactions of validation or test that training has for the same user.
    public var inTraining = 0
    /// Held-out interactions that are shown to the model when it is judged by them.
    public var inFoldIn = 0
    /// Interactions to be found in the test that chose the epoch as well: held out of validation for the same user.
    public var inValidation = 0

    public init(inTraining: Int = 0, inFoldIn: Int = 0, inValidation: Int = 0) {
        (self.inTraining, self.inFoldIn, self.inValidation) = (inTraining, inFoldIn, inValidation)
    }

    public var isNone: Bool { self == Leakage() }
}

extension PreparedDataset {
    /// Looks for every held-out interaction where it must not be. Costs a binary search each.
    ///
    /// Splits of `foldin prepare` have none; a split that was given may.
    public var leakage: Leakage {
        var found = Leakage()
        let validationRows = Dictionary(uniqueKeysWithValues: zip(validation.userIndices, 0..<validation.count))
        for (users, isTest) in [(validation, false), (test, true)] {
            for (row, user) in users.userIndices.enumerated() {
                let foldIn = users.foldIn.row(row)
                let trained = Int(user) < train.userCount ? train.row(Int(user)) : []
                let chosen = isTest ? validationRows[user].map { validation.heldOut.row($0) } ?? [] : []
                for item in users.heldOut.row(row) {
                    found.inTraining += trained.hasSorted(item) ? 1 : 0
                    found.inFoldIn += foldIn.hasSorted(item) ? 1 : 0
                    found.inValidation += chosen.hasSorted(item) ? 1 : 0
                }
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
