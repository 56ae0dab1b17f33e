#if Service
import Foundation
import Logging
import ServiceLifecycle

/// Removes events that are too old when the service starts, and every hour.
struct EventRetention: Service {
    let store: any EventStore
    /// How old an event may become by its time.
    let age: Duration
    let logger: Logger

    func run() async throws {
        await cancelWhenGracefulShutdown {
            repeat { await removeOld() } while (try? await Task.sleep(for: .seconds(3_600))) != nil
        }
    }

    private func removeOld() async {
        do {
            let removed = try await store.removeEvents(before: Int(Date().timeIntervalSince1970) - Int(age.components.seconds))
            if removed > 0 { logger.info("old events removed", metadata: ["events": "\(removed)"]) }
        } catch {
            logger.error("old events cannot be removed", metadata: ["reason": "\(error)"])
        }
    }
}
#endif
