import Dispatch
import Foundation
import Synchronization

/// Records Ctrl-C, so that long work can stop after a step. A second Ctrl-C ends the process at once.
final class Interrupt {
    private let state: State
    private let source: any DispatchSourceSignal

    init() {
        let state = State()
        signal(SIGINT, SIG_IGN)
        let source = DispatchSource.makeSignalSource(signal: SIGINT, queue: .global())
        source.setEventHandler {
            if state.count.wrappingAdd(1, ordering: .relaxed).oldValue > 0 { _exit(130) }
            Console.note("")
            Console.note("interrupted: finishing this step (Ctrl-C again to stop at once)")
        }
        source.resume()
        self.state = state
        self.source = source
    }

    deinit {
        source.cancel()
        signal(SIGINT, SIG_DFL)
    }

    /// Whether Ctrl-C was pressed.
    var happened: Bool { state.count.load(ordering: .relaxed) > 0 }

    /// The same as `happened`, as a function that other threads may call.
    var question: @Sendable () -> Bool {
        let state = state
        return { state.count.load(ordering: .relaxed) > 0 }
    }

    private final class State: Sendable {
        let count = Atomic<Int>(0)
    }
}
