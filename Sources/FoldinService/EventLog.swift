import Foundation
import GRDB
import Metrics
import NIOConcurrencyHelpers

/// Takes what was removed from the database out of its write-ahead log.
///
/// The log can only be emptied while nobody reads what is in it, and a writer that waits for that keeps other writers waiting. So this is
/// tried on a connection of its own, briefly, again and again.
final class EventLog: Sendable {
    private struct State {
        /// Removals of which the log may still hold something.
        var pending: Int
        var isRunning = false
    }

    private let database: DatabaseQueue
    private let gauge: Meter?
    private let state: NIOLockedValueBox<State>

    /// - Parameters:
    ///   - database: a connection with a short busy timeout.
    ///   - pending: 1 when a log was there already, of which nobody knows what it holds.
    init(_ database: DatabaseQueue, pending: Int, metrics: PrometheusRegistry?) {
        self.database = database
        gauge = metrics.map { Meter(label: "foldin_event_removals_pending", dimensions: [], factory: $0) }
        state = NIOLockedValueBox(State(pending: pending))
        gauge?.set(pending)
        if pending > 0 { goOn() }
    }

    /// The removals of which the log may still hold something.
    var pending: Int { state.withLockedValue(\.pending) }

    /// To be called after something was removed. Whether the log is rid of it; if not, that is seen to in the background.
    func forget() async -> Bool {
        state.withLockedValue { $0.pending += 1 }
        if await attempt() { return true }
        goOn()
        return false
    }

    /// Whether the log was emptied.
    private func attempt() async -> Bool {
        let before = pending
        let isEmpty = try? await database.writeWithoutTransaction { database in
            // Copies what it can and keeps nobody waiting. Where something is left a reader holds it, and there is no use in waiting.
            let (frames, copied) = try database.checkpoint(.passive)
            guard frames == copied else { return false }
            try database.checkpoint(.truncate)
            return true
        }
        let left = state.withLockedValue { state in
            if isEmpty == true { state.pending -= before }
            return state.pending
        }
        gauge?.set(left)
        return isEmpty == true
    }

    /// Tries until nothing is pending, with pauses that grow to some seconds.
    private func goOn() {
        let starts = state.withLockedValue { state in
            defer { state.isRunning = true }
            return !state.isRunning
        }
        guard starts else { return }
        Task { [weak self] in
            var pause = Duration.milliseconds(50)
            // The log is let go of between the attempts.
            while await self?.attemptAgain() == false {
                try? await Task.sleep(for: pause)
                pause = min(pause * 2, .seconds(5))
            }
        }
    }

    /// Whether nothing is pending any more after one more attempt.
    private func attemptAgain() async -> Bool {
        _ = await attempt()
        return state.withLockedValue { state in
            state.isRunning = state.pending > 0
            return !state.isRunning
        }
    }
}
