import FoldinInteractions
import FoldinKernels
import FoldinSupport
import FoldinTestSupport
import Testing

@testable import FoldinBaselines

/// What holds for every closed-form family and each of its options.
@Suite("Closed-form families") struct ClosedFormFamilyTests {
    static let matrix = InteractionMatrix(rows: [[0, 1, 2], [1, 2], [0, 3], [2, 3]], itemCount: 4)

    @Test(arguments: ClosedFormFamily.all)
    func everyOptionReachesTheModel(_ family: ClosedFormFamily) throws {
        #expect(!family.help.isEmpty && ClosedFormFamily(named: family.name) == family)
        #expect(Set(family.options.map(\.name)).count == family.options.count)
        for option in family.options {
            let sample = try #require(option.sample)
            var plan = BaselinePlan(family)
            try plan.set(option.name, to: sample)
            #expect(plan.options[option.name] == sample && plan.baseline.options[option.name] == sample)
            #expect(plan.summary.contains("\(option.name) \(sample)"))
            try plan.set(option.name, to: option.defaultText)
            #expect(plan == BaselinePlan(family))
        }
    }

    /// A number is accepted or refused with a usage error, by the option or by the fit.
    @Test(arguments: ClosedFormFamily.all)
    func survivesAnyNumber(_ family: ClosedFormFamily) throws {
        for option in family.options {
            for text in hostileNumbers {
                do {
                    var plan = BaselinePlan(family)
                    try plan.set(option.name, to: text)
                    _ = try plan.baseline.fit(Self.matrix, workers: Workers(count: 1), isCancelled: { false }, progress: { _ in })
                } catch let error as FoldinError {
                    #expect(error.kind == .usage, "\(option.name) \(text): \(error)")
                }
            }
        }
    }
}
