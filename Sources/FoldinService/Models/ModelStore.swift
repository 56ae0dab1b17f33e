#if Service
import Dispatch
import FoldinInteractions
import FoldinKernels
import FoldinMessages
import Foundation
import Logging
import Metrics
import NIOConcurrencyHelpers

/// One served model, which is replaced as a whole when a newer one is loaded.
final class ModelStore: Sendable {
    /// A model and its number: 1 for the first that this store loaded, 2 for the next.
    struct Numbered: Sendable {
        let model: ServedModel
        let number: Int
    }

    private struct State {
        var current: Numbered
        /// Previous models, the latest last.
        var previous: [Numbered] = []
        /// The highest number so far.
        var last = 1
        /// The version that was rolled back. It is loaded again only on request.
        var rejected: String?
        var failure: String?
        /// The stamp of the file at the last attempt to load it.
        var tried: FileStamp?
        /// The stamp of the file at the last check for changes.
        var seen: FileStamp?
    }

    let arm: String
    let path: String
    /// How many previous models stay in memory.
    private let kept: Int
    private let workers: Workers
    private let logger: Logger
    private let metrics: PrometheusRegistry
    private let state: NIOLockedValueBox<State>
    /// One load at a time, away from the threads that serve connections.
    private let loading = DispatchQueue(label: "foldin.loading", qos: .utility)

    /// Loads the model in `path`.
    ///
    /// - Throws: `FoldinError` of kind `missingInput` or `badData`.
    init(arm: String, path: String, kept: Int = 1, workers: Workers, logger: Logger, metrics: PrometheusRegistry) throws {
        self.arm = arm
        self.path = path
        self.kept = kept
        self.workers = workers
        self.logger = logger
        self.metrics = metrics
        let stamp = FileStamp(path)
        state = NIOLockedValueBox(
            State(
                current: Numbered(model: try ServedModel(arm: arm, path: path, workers: workers), number: 1), tried: stamp,
                seen: stamp))
        countLoad("loaded")
    }

    /// The model that serves now. It stays valid when another one is loaded.
    var current: ServedModel { state.withLockedValue(\.current.model) }

    /// The model that serves now, and the number of the one that a rollback would serve.
    var numbered: (current: Numbered, previous: Int?) { state.withLockedValue { ($0.current, $0.previous.last?.number) } }

    /// Why the last attempt to load failed; nil if it did not.
    var failure: String? { state.withLockedValue(\.failure) }

    /// Loads the file again and serves its model. If that fails, the old model stays, and `failure` has the reason.
    ///
    /// A file with the same contents changes nothing.
    func reload() async { await reload(isRequested: true) }

    private func reload(isRequested: Bool) async {
        await withCheckedContinuation { continuation in
            loading.async {
                self.load(isRequested: isRequested)
                continuation.resume()
            }
        }
    }

    /// Serves the previous model again, and releases the current one. Returns false if there is no previous model in memory.
    ///
    /// The file still has the model that was rolled back: `reloadIfChanged` ignores it, `reload` loads it.
    func rollBack() -> Bool {
        let back = state.withLockedValue { state -> Numbered? in
            guard let back = state.previous.popLast() else { return nil }
            state.rejected = state.current.model.tag.version
            state.current = back
            state.failure = nil
            return back
        }
        guard let back else { return false }
        countLoad("rolled back")
        logger.info(
            "model rolled back",
            metadata: ["arm": "\(arm)", "version": "\(back.model.tag.version)", "number": "\(back.number)"])
        return true
    }

    /// Loads the file again if it has changed, and has not changed between the last two checks, so that a copy in progress is not read.
    func reloadIfChanged() async {
        let stamp = FileStamp(path)
        let isDue = state.withLockedValue { state in
            defer { state.seen = stamp }
            return stamp != nil && stamp == state.seen && stamp != state.tried
        }
        if isDue { await reload(isRequested: false) }
    }

    private func load(isRequested: Bool) {
        let stamp = FileStamp(path)
        do {
            let fresh = try ServedModel(arm: arm, path: path, workers: workers)
            let outcome = state.withLockedValue { state in
                (state.failure, state.tried) = (nil, stamp)
                if fresh.tag == state.current.model.tag { return "unchanged" }
                if !isRequested, fresh.tag.version == state.rejected { return "passed over" }
                state.previous = Array((state.previous + [state.current]).suffix(kept))
                state.last += 1
                state.current = Numbered(model: fresh, number: state.last)
                state.rejected = nil
                return "loaded"
            }
            countLoad(outcome)
            logger.info("model \(outcome)", metadata: ["arm": "\(arm)", "version": "\(fresh.tag.version)"])
        } catch {
            state.withLockedValue { ($0.failure, $0.tried) = ("\(error)", stamp) }
            countLoad("failed")
            logger.error("model not loaded; the old one stays", metadata: ["arm": "\(arm)", "reason": "\(error)"])
        }
    }

    private func countLoad(_ outcome: String) {
        Counter(label: "foldin_model_loads_total", dimensions: [("arm", arm), ("outcome", outcome)], factory: metrics).increment()
    }
}
#endif
