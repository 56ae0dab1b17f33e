import ArgumentParser
import Foldin

/// Which held-out users figures are of.
enum HeldOutPart: String, CaseIterable, ExpressibleByArgument {
    case validation, test
}

extension PreparedDataset {
    /// Says on standard error which held-out rows a model was told of, if any, and which way that moves the figures of these parts: split
    /// data that came from elsewhere may have some.
    func noteLeakage(in parts: [HeldOutPart] = [.validation, .test]) {
        for part in parts {
            let (found, users) = part == .test ? (testLeakage, test) : (validationLeakage, validation)
            for sentence in found.sentences(of: part, rows: users.heldOut.count) { Console.note("leakage: " + sentence) }
        }
    }
}

extension Leakage {
    /// One sentence for each way in which held-out rows are known, with their number and what it does to the figures.
    func sentences(of part: HeldOutPart, rows: Int) -> [String] {
        var sentences: [String] = []
        if inFoldIn > 0 {
            sentences.append(
                "\(inFoldIn) of \(rows) held-out rows of \(part.rawValue) are also shown when judged; what is shown is never ranked, so they "
                    + "count as misses: the \(part.rawValue) figures are too low")
        }
        if learnt > 0 {
            sentences.append(
                "\(learnt) of \(rows) held-out rows of \(part.rawValue) are also in training and not shown when judged; the model has learnt "
                    + "them: the \(part.rawValue) figures are too high")
        }
        if inValidation > 0 {
            sentences.append(
                "\(inValidation) of \(rows) held-out rows of \(part.rawValue) are also held out in validation, which chooses the epoch and "
                    + "the options: the \(part.rawValue) figures are slightly too high")
        }
        return sentences
    }
}
