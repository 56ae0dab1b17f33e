#if Service
import Foundation
import GRDB
import Metrics
import NIOConcurrencyHelpers

/// Erases removed events from the write-ahead log of the database.
///
/// The log can only be emptied while no connection reads it, and a writer that waits for that keeps other writers waiting. So this is tried
/// on a connection of its own, with short waits, until it succeeds.
final class RemovalLog: Sendable {
    private struct State {
        /// The removals whose events the log may still hold.
        var pending: Int
        var isRunning = false
        var isClosed = false
    }

    private let database: DatabaseQueue
    private let gauge: Meter?
    private let state: NIOLockedValueBox<State>

    /// - Parameters:
    ///   - database: a connection with a short busy timeout.
    ///   - pending: 1 when there was a log already, which may hold removed events.
    init(_ database: DatabaseQueue, pending: Int, metrics: (any MetricsFactory)?) {
        self.database = database
        gauge = metrics.map { Meter(label: "foldin_event_removals_pending", dimensions: [], factory: $0) }
        state = NIOLockedValueBox(State(pending: pending))
        gauge?.set(pending)
        if pending > 0 { retry() }
    }

    /// The removals whose events the log may still hold.
    var pending: Int { state.withLockedValue(\.pending) }

    /// To be called after events were removed. Returns whether the log was emptied; otherwise that is retried in the background.
    func erase() async -> Bool {
        state.withLockedValue { $0.pending += 1 }
        if await attempt() { return true }
        retry()
        return false
    }

    /// Ends the attempts and closes the connection. Blocks.
    func close() throws {
        state.withLockedValue { $0.isClosed = true }
        try database.close()
    }

    /// Tries once. Returns whether the log was emptied.
    private func attempt() async -> Bool {
        let before = pending
        let isEmpty = try? await database.writeWithoutTransaction { database in
            // Copies what it can and keeps no other connection waiting. What is left is being read, so waiting is of no use.
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
    private func retry() {
        let starts = state.withLockedValue { state in
            guard !state.isClosed else { return false }
            defer { state.isRunning = true }
            return !state.isRunning
        }
        guard starts else { return }
        Task { [weak self] in
            var pause = Duration.milliseconds(50)
            // Nothing keeps the log alive between the attempts.
            while await self?.attemptAgain() == false {
                try? await Task.sleep(for: pause)
                pause = min(pause * 2, .seconds(5))
            }
        }
    }

    /// Tries once more. Returns whether the attempts end.
    private func attemptAgain() async -> Bool {
        _ = await attempt()
        return state.withLockedValue { state in
            state.isRunning = state.pending > 0 && !state.isClosed
            return !state.isRunning
        }
    }
}
#endif
