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
    /// What tells a file from another that took its place.
    private struct Stamp: Equatable {
        let inode: UInt64
        let size: Int64
        let seconds, nanoseconds: Int

        init?(_ path: String) {
            var status = stat()
            guard stat(path, &status) == 0 else { return nil }
            inode = UInt64(status.st_ino)
            size = Int64(status.st_size)
            #if canImport(Darwin)
                (seconds, nanoseconds) = (status.st_mtimespec.tv_sec, status.st_mtimespec.tv_nsec)
            #else
                (seconds, nanoseconds) = (status.st_mtim.tv_sec, status.st_mtim.tv_nsec)
            #endif
        }
    }

    private struct State {
        var current: ServedModel
        var failure: String?
        /// The file as it was when it was last loaded, or tried to be.
        var tried: Stamp?
        /// The file as the watcher saw it last.
        var seen: Stamp?
    }

    let arm: String
    let path: String
    private let workers: Workers
    private let logger: Logger
    private let metrics: PrometheusRegistry
    private let state: NIOLockedValueBox<State>
    /// One load at a time, away from the threads that serve connections.
    private let loading = DispatchQueue(label: "foldin.loading", qos: .utility)

    /// Loads the model in `path`.
    ///
    /// - Throws: `FoldinError` of kind `missingInput` or `badData`.
    init(arm: String, path: String, workers: Workers, logger: Logger, metrics: PrometheusRegistry) throws {
        self.arm = arm
        self.path = path
        self.workers = workers
        self.logger = logger
        self.metrics = metrics
        let stamp = Stamp(path)
        state = NIOLockedValueBox(
            State(current: try ServedModel(arm: arm, path: path, workers: workers), tried: stamp, seen: stamp))
        countLoad("loaded")
    }

    /// The model that answers now. Whoever holds it may use it to the end, whatever is loaded meanwhile.
    var current: ServedModel { state.withLockedValue(\.current) }

    /// Why the last attempt to load failed; nil when it did not.
    var failure: String? { state.withLockedValue(\.failure) }

    /// Loads the file anew and swaps it in; when that fails, the old model stays and the reason is kept.
    ///
    /// Nothing is done for a file of the very same contents.
    func reload() async {
        await withCheckedContinuation { continuation in
            loading.async {
                self.load()
                continuation.resume()
            }
        }
    }

    /// Reloads when the file changed and has then stayed the same for one look, so that a copy in progress is not read.
    func reloadIfChanged() async {
        let stamp = Stamp(path)
        let isDue = state.withLockedValue { state in
            defer { state.seen = stamp }
            return stamp != nil && stamp == state.seen && stamp != state.tried
        }
        if isDue { await reload() }
    }

    private func load() {
        let stamp = Stamp(path)
        do {
            let fresh = try ServedModel(arm: arm, path: path, workers: workers)
            let isNew = state.withLockedValue { state in
                defer { (state.failure, state.tried) = (nil, stamp) }
                guard fresh.tag != state.current.tag else { return false }
                state.current = fresh
                return true
            }
            countLoad(isNew ? "loaded" : "unchanged")
            logger.info(
                isNew ? "model loaded" : "model unchanged", metadata: ["arm": "\(arm)", "version": "\(fresh.tag.version)"])
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
