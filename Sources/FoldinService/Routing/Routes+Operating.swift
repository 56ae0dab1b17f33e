#if Service
import FoldinMessages
import Foundation
import Hummingbird
import Metrics
import NIOCore
import Synchronization

/// Whether the shutdown of the service has begun.
final class Draining: Sendable {
    private let state = Atomic<Bool>(false)

    var hasBegun: Bool { state.load(ordering: .relaxed) }
    func begin() { state.store(true, ordering: .relaxed) }
}

extension Routes {
    /// Adds the routes for models, health and metrics.
    ///
    /// - Parameter measure: called before the metrics are written, to record current values.
    func addOperating(
        _ arms: ModelArms, _ readiness: Readiness, _ metrics: PrometheusRegistry, measure: @escaping @Sendable () -> Void
    ) {
        add(.get, "/v1/models", scope: .read) { _, _ in try JSON.response(ModelsReply(models: arms.states)) }
        add(.post, "/v1/models:reload", scope: .admin) { _, _ in
            for store in arms.stores { await store.reload() }
            if let failure = arms.stores.lazy.compactMap(\.failure).first {
                throw Problem(
                    status: .conflict, name: "model-refused", title: "The new model was refused; the old one stays in service",
                    detail: failure)
            }
            return try JSON.response(ModelsReply(models: arms.states))
        }
        add(.post, "/v1/models:rollback", scope: .admin, parameters: ["arm"]) { parameters, _ in
            let arm = try parameters.text("arm") ?? arms.main.arm
            guard let store = arms.stores.first(where: { $0.arm == arm }) else {
                throw Problem.malformed(
                    found: "an invalid value of \"arm\"", expected: arms.stores.map(\.arm).joined(separator: " or "))
            }
            guard store.rollBack() else {
                throw Problem(
                    status: .conflict, name: "no-previous-model", title: "There is no model to roll back to",
                    detail: "found no previous model of the arm \(arm) in memory; expected one")
            }
            return try JSON.response(ModelsReply(models: arms.states))
        }
        // The connection answers most of these requests itself. These routes are for requests with a body, for example, and for other methods.
        add(.get, "/health/live", scope: nil) { _, _ in try JSON.response(["status": "live"]) }
        add(.get, "/health/ready", scope: nil) { _, _ in
            if let problem = readiness.problem { throw problem }
            return try JSON.response(["status": "ready"])
        }
        add(.get, "/metrics", scope: .read) { _, _ in
            for store in arms.stores {
                let served = store.current
                Gauge(label: "foldin_model_loaded_seconds", dimensions: [("arm", store.arm)], factory: metrics)
                    .record(served.loaded.timeIntervalSince1970)
            }
            Meter(label: "process_resident_memory_bytes", dimensions: [], factory: metrics).set(Routes.residentBytes)
            measure()
            let text = metrics.text
            return Response(
                status: .ok, headers: [.contentType: "text/plain; version=0.0.4; charset=utf-8"],
                body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
        }
    }

    /// The resident memory of this process in bytes; 0 where the system has no `/proc`.
    private static var residentBytes: Int {
        guard let text = try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8),
            let pages = text.split(separator: " ").dropFirst().first.flatMap({ Int($0) })
        else { return 0 }
        return pages * Int(getpagesize())
    }
}
#endif
