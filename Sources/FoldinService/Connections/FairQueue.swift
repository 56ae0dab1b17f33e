#if Service
import NIOConcurrencyHelpers
import NIOCore

/// Serves the connections of one event loop in turns when they have many requests at once.
///
/// An event loop runs all its tasks before it polls the network again, so it would not poll while one client has requests. The queue has one
/// task at a time, which is scheduled for after the next poll.
final class FairQueue {
    /// Turns before the event loop polls the network again.
    private static let turns = 8

    /// The queues of all event loops.
    final class PerLoop: Sendable {
        private let queues = NIOLockedValueBox<[ObjectIdentifier: NIOLoopBound<FairQueue>]>([:])

        /// The queue of the event loop that this is called on.
        func queue(of loop: any EventLoop) -> FairQueue {
            queues.withLockedValue { queues in
                let known = queues[ObjectIdentifier(loop)] ?? NIOLoopBound(FairQueue(loop), eventLoop: loop)
                queues[ObjectIdentifier(loop)] = known
                return known
            }.value
        }
    }

    private let loop: any EventLoop
    private var waiting = CircularBuffer<() -> Void>()
    private var isScheduled = false
    private var pause = TimeAmount.milliseconds(1)

    private init(_ loop: any EventLoop) { self.loop = loop }

    /// Calls `turn` after a poll of the network, and after the turns before it.
    func add(_ turn: @escaping () -> Void) {
        waiting.append(turn)
        schedule()
    }

    private func schedule() {
        guard !isScheduled, !waiting.isEmpty else { return }
        isScheduled = true
        loop.assumeIsolated().scheduleTask(in: pause) {
            let began = NIODeadline.now()
            for _ in 0..<min(FairQueue.turns, self.waiting.count) { self.waiting.removeFirst()() }
            // The pause is as long as the turns were: the event loop has time for its other tasks and polls.
            self.pause = max(.milliseconds(1), min(.milliseconds(50), .now() - began))
            self.isScheduled = false
            self.schedule()
        }
    }
}
#endif
