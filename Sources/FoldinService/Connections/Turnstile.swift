import NIOConcurrencyHelpers
import NIOCore

/// Gives connections of one loop their turns when they have many requests at once.
///
/// A loop does all that it is given to do before it looks at the network again, and so would never look while one client's requests
/// last. The turnstile has one task at a time, which comes only after such a look.
final class Turnstile {
    /// Turns before the loop looks at the network again.
    private static let turns = 8

    /// The turnstiles of all loops.
    final class Row: Sendable {
        private let turnstiles = NIOLockedValueBox<[ObjectIdentifier: NIOLoopBound<Turnstile>]>([:])

        /// The turnstile of the loop that this is called on.
        func turnstile(of loop: any EventLoop) -> Turnstile {
            turnstiles.withLockedValue { turnstiles in
                let known = turnstiles[ObjectIdentifier(loop)] ?? NIOLoopBound(Turnstile(loop), eventLoop: loop)
                turnstiles[ObjectIdentifier(loop)] = known
                return known
            }.value
        }
    }

    private let loop: any EventLoop
    private var waiting = CircularBuffer<() -> Void>()
    private var isScheduled = false
    private var pause = TimeAmount.milliseconds(1)

    private init(_ loop: any EventLoop) { self.loop = loop }

    /// Calls `turn` after a look at the network, when those before have had theirs.
    func wait(_ turn: @escaping () -> Void) {
        waiting.append(turn)
        schedule()
    }

    private func schedule() {
        guard !isScheduled, !waiting.isEmpty else { return }
        isScheduled = true
        loop.assumeIsolated().scheduleTask(in: pause) {
            let began = NIODeadline.now()
            for _ in 0..<min(Turnstile.turns, self.waiting.count) { self.waiting.removeFirst()() }
            // As long a pause as the turns took: what else the loop has to do is done before it is over, and the loop looks.
            self.pause = max(.milliseconds(1), min(.milliseconds(50), .now() - began))
            self.isScheduled = false
            self.schedule()
        }
    }
}
