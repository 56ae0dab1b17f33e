#if Experiments
import FoldinExperiments
import FoldinInteractions
import FoldinTestSupport
import Foundation

/// A dataset that trains in milliseconds, with titles that try to break a page, and sweeps on it.
enum SmallSweep {
    static let itemCount = 20
    static let hostile = "<script>alert(\"x\")</script> & 'it', | 100% _a_ \\ $ ^ ~ {#} =1+1"

    static func dataset(firstItem: Int = 0) -> PreparedDataset {
        func items(_ user: Int) -> [Int] { (0..<6).map { (($0 * $0 + user * 3 + $0 + firstItem) % 10) * 2 + user % 2 } }
        func heldOut(_ users: Range<Int>) -> HeldOutUsers {
            HeldOutUsers(
                userIndices: users.map { Int32($0) },
                foldIn: InteractionMatrix(rows: users.map { items($0).prefix($0 % 3 + 2) }, itemCount: itemCount),
                heldOut: InteractionMatrix(
                    rows: users.map { user in
                        let known = Set(items(user).prefix(user % 3 + 2))
                        return items(user + 2).filter { !known.contains($0) }
                    }, itemCount: itemCount))
        }
        return PreparedDataset(
            train: InteractionMatrix(rows: (0..<40).map(items), itemCount: itemCount), validation: heldOut(40..<50),
            test: heldOut(50..<64), items: Vocabulary((0..<itemCount).map { "i\($0)" }),
            users: Vocabulary((0..<64).map { "u\($0)" }), titles: (0..<itemCount).map { $0 == 3 ? nil : hostile })
    }

    static let base = """
        dataset = "made"
        seeds = [1, 2]
        metrics = ["ndcg@5", "recall@3", "coverage@5"]
        [base]
        latent = 4
        hidden = 8
        epochs = 4
        batch-size = 10
        metric = "ndcg@5"

        """

    /// Runs a sweep to its end.
    static func run(
        _ text: String, in folder: TemporaryFolder, _ name: String = "out", parallel: Int = 1,
        isCancelled: @escaping @Sendable () -> Bool = { false },
        progress: @escaping @Sendable (SweepEvent, SweepProgress) -> Void = { _, _ in }
    ) throws -> (isDone: Bool, results: SweepResults) {
        var limits = Sweep.Limits()
        limits.parallel = parallel
        limits.checkpointSeconds = 1
        let path = folder.path + "/" + name
        let sweep = try Sweep(SweepFile(text, name: "made"), on: dataset(), from: folder.path, in: path, limits: limits)
        let isDone = try sweep.run(isCancelled: isCancelled, progress: progress)
        return (isDone, try SweepResults(contentsOf: path))
    }
}
#endif
