import Dispatch
import FoldinInteractions
import FoldinKernels
import FoldinMessages
import Foundation
import Logging
import Metrics
import NIOConcurrencyHelpers

/// One model that is served, exchanged for a newer one whole or not at all.
final class ModelStore: Sendable {
    /// A model and its number: 1 for the first that this store loaded, 2 for the next.
    struct Numbered: Sendable {
        let model: ServedModel
        let number: Int
    }

    private struct State {
        var current: Numbered
        /// What was served before, the latest last.
        var previous: [Numbered] = []
        /// The highest number given.
        var last = 1
        /// The version that was rolled back: it is only loaded again when somebody asks for it.
        var rejected: String?
        var failure: String?
        /// The file as it was when it was last loaded, or tried to be.
        var tried: FileStamp?
        /// The file as the watcher saw it last.
        var seen: FileStamp?
    }

    let arm: String
    let path: String
    /// How many models that were served before stay in memory.
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

    /// The model that answers now. Whoever holds it may use it to the end, whatever is loaded meanwhile.
    var current: ServedModel { state.withLockedValue(\.current.model) }

    /// The model that answers now, and the number of the one that a rollback would serve.
    var numbered: (current: Numbered, previous: Int?) { state.withLockedValue { ($0.current, $0.previous.last?.number) } }

    /// Why the last attempt to load failed; nil when it did not.
    var failure: String? { state.withLockedValue(\.failure) }

    /// Loads the file anew and swaps it in; when that fails, the old model stays and the reason is kept.
    ///
    /// Nothing is done for a file of the very same contents.
    func reload() async { await reload(isAsked: true) }

    private func reload(isAsked: Bool) async {
        await withCheckedContinuation { continuation in
            loading.async {
                self.load(isAsked: isAsked)
                continuation.resume()
            }
        }
    }

    /// Serves the model before this one again, at once, and lets go of this one; false when none is kept.
    ///
    /// The file still has the model that was rolled back: `reloadIfChanged` passes it over, `reload` takes it.
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

    /// Reloads when the file changed and has then stayed the same for one look, so that a copy in progress is not read.
    func reloadIfChanged() async {
        let stamp = FileStamp(path)
        let isDue = state.withLockedValue { state in
            defer { state.seen = stamp }
            return stamp != nil && stamp == state.seen && stamp != state.tried
        }
        if isDue { await reload(isAsked: false) }
    }

    private func load(isAsked: Bool) {
        let stamp = FileStamp(path)
        do {
            let fresh = try ServedModel(arm: arm, path: path, workers: workers)
            let outcome = state.withLockedValue { state in
                (state.failure, state.tried) = (nil, stamp)
                if fresh.tag == state.current.model.tag { return "unchanged" }
                if !isAsked, fresh.tag.version == state.rejected { return "passed over" }
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
