import FoldinInteractions
import Foundation
import GRDB
import NIOConcurrencyHelpers
import ServiceLifecycle

/// Finds out every few seconds whether events can be kept; see `EventStore.check`.
final class StoreProbe: Service {
    private struct State {
        var fault: String?
        /// When the look that is not over yet began.
        var began: ContinuousClock.Instant?
    }

    private let store: EventStore
    private let interval: Duration
    /// How long a look may take before that is a fault itself.
    private let patience: Duration
    private let state = NIOLockedValueBox(State())

    init(_ store: EventStore, interval: Duration = .seconds(5), patience: Duration = .seconds(10)) {
        self.store = store
        self.interval = interval
        self.patience = patience
    }

    /// What is wrong with the database, in words that follow "found"; nil when nothing is.
    var fault: String? {
        let state = state.withLockedValue(\.self)
        if let began = state.began, .now - began > patience { return "a database of events that does not answer" }
        return state.fault
    }

    /// Looks every few seconds.
    func run() async throws {
        await cancelWhenGracefulShutdown {
            while (try? await Task.sleep(for: self.interval)) != nil { await self.look() }
        }
    }

    /// Looks once.
    func look() async {
        state.withLockedValue { $0.began = .now }
        let fault = await found()
        state.withLockedValue { ($0.began, $0.fault) = (nil, fault) }
    }

    private func found() async -> String? {
        do {
            try await store.check()
            return nil
        } catch let error as FoldinError {
            return error.found
        } catch let error as DatabaseError {
            let reason = error.resultCode == .SQLITE_FULL ? "the disk is full" : error.reason
            return "a database of events that cannot be written (\(reason))"
        } catch is TimeLimitExceeded {
            return "a database of events that does not answer"
        } catch {
            return "a database of events that cannot be written"
        }
    }
}
