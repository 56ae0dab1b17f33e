#if Service
import FoldinInteractions
import FoldinMessages
import FoldinSupport
import Foundation

/// The models that are served side by side: one, or two for different users.
struct ModelArms: Sendable {
    let main: ModelStore
    /// The model on trial and the share of users that it serves, above 0 and at most 1.
    let candidate: (store: ModelStore, share: Double)?

    var stores: [ModelStore] { [main] + (candidate.map { [$0.store] } ?? []) }

    /// The model for a user: always the same one, by a hash of the id. Requests without a user id get the main model.
    func model(for user: String?) -> ServedModel {
        guard let candidate, let user, ModelArms.place(of: user) < candidate.share else { return main.current }
        return candidate.store.current
    }

    /// Whether one of the models has the item.
    func know(_ item: String) -> Bool { stores.contains { $0.current.ids.index(of: item) != nil } }

    /// A number from 0 up to, not including, 1 for a user id: the first 52 bits of its SHA-256, so it is the same on every machine.
    static func place(of user: String) -> Double {
        let digest = Array(user.utf8).withUnsafeBytes { Checksum.sha256($0) }
        return Double(UInt64(digest.prefix(13), radix: 16) ?? 0) / Double(UInt64(1) << 52)
    }

    /// The reply to `GET /v1/models`.
    var states: [ModelState] {
        stores.map { store in
            let (current, previous) = store.numbered
            let served = current.model
            let card = served.model.card
            let share = candidate.map { store === main ? 1 - $0.share : $0.share } ?? 1
            return ModelState(
                arm: store.arm, version: served.tag.version, number: current.number, previous: previous,
                file: URL(filePath: store.path).lastPathComponent, bytes: served.bytes, share: share,
                items: served.model.itemCount, architecture: served.model.summary, options: card.options,
                metrics: card.metrics.filter { $0.value.isFinite }, data: card.dataChecksum,
                modified: served.modified.formatted(.iso8601), loaded: served.loaded.formatted(.iso8601), failure: store.failure)
        }
    }
}
#endif
