#if Service
import FoldinInteractions
import FoldinSupport
import NIOConcurrencyHelpers
import ServiceLifecycle

/// Checks every few seconds whether events can be stored; see ``EventStore/check()``.
final class StoreProbe: Service {
    private struct State {
        var fault: String?
        /// When the check that is under way began.
        var began: ContinuousClock.Instant?
    }

    private let store: any EventStore
    private let interval: Duration
    /// A check that takes longer is a fault itself.
    private let timeLimit: Duration
    private let state = NIOLockedValueBox(State())

    init(_ store: any EventStore, interval: Duration = .seconds(5), timeLimit: Duration = .seconds(10)) {
        self.store = store
        self.interval = interval
        self.timeLimit = timeLimit
    }

    /// Why events cannot be stored, in words that follow "found"; nil when they can.
    var fault: String? {
        let state = state.withLockedValue(\.self)
        if let began = state.began, .now - began > timeLimit { return "a database of events that does not answer" }
        return state.fault
    }

    /// Checks every few seconds.
    func run() async throws {
        await cancelWhenGracefulShutdown {
            while (try? await Task.sleep(for: self.interval)) != nil { await self.check() }
        }
    }

    /// Checks once.
    func check() async {
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
        } catch EventStoreError.timedOut {
            return "a database of events that does not answer"
        } catch let error as EventStoreError {
            return "a database of events that cannot be written (\(error))"
        } catch {
            return "a database of events that cannot be written"
        }
    }
}
#endif
