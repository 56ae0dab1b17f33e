import Dispatch
import Foundation
import NIOConcurrencyHelpers

/// Lines of a log on their way to a file or pipe, written by a thread of its own: whoever logs never waits for who reads.
///
/// When the reader is too slow and the queue is full, lines are dropped and counted; once they flow again the log says how many.
public final class LogQueue: Sendable {
    private struct State {
        var lines: [[UInt8]] = []
        var bytes = 0
        var isWriting = false
        var dropped = 0
        /// Dropped lines that the log does not say yet, and those that `takeDropped` has not returned yet.
        var unsaid = 0, untaken = 0
    }

    /// The queue of standard error.
    public static let standardError = LogQueue(descriptor: STDERR_FILENO)

    private let descriptor: CInt
    private let limit: Int
    private let state = NIOLockedValueBox(State())
    private let isFilled = DispatchSemaphore(value: 0)

    /// - Parameter limit: bytes that may wait.
    init(descriptor: CInt, limit: Int = 1 << 20) {
        (self.descriptor, self.limit) = (descriptor, limit)
        Thread.detachNewThread { [self] in write() }
    }

    /// Hands over a line, with its newline.
    func append(_ line: [UInt8]) {
        let wakes = state.withLockedValue { state in
            guard state.bytes + line.count <= limit else {
                state.unsaid += 1
                state.untaken += 1
                return false
            }
            state.lines.append(line)
            state.bytes += line.count
            defer { state.isWriting = true }
            return !state.isWriting
        }
        if wakes { isFilled.signal() }
    }

    /// Lines that were dropped since the last call.
    func takeDropped() -> Int {
        state.withLockedValue { state in
            defer { state.untaken = 0 }
            return state.untaken
        }
    }

    /// Waits until all lines are written, or nobody has read them in time.
    public func flush(within time: Duration = .seconds(2)) async {
        let end = ContinuousClock.now + time
        while state.withLockedValue(\.isWriting), .now < end { try? await Task.sleep(for: .milliseconds(5)) }
    }

    private func write() {
        while true {
            let (lines, dropped) = state.withLockedValue { state in
                defer { (state.lines, state.unsaid) = ([], 0) }
                state.isWriting = !state.lines.isEmpty || state.unsaid > 0
                return (state.lines, state.unsaid)
            }
            if lines.isEmpty, dropped == 0 {
                isFilled.wait()
                continue
            }
            for line in lines {
                write(line)
                state.withLockedValue { $0.bytes -= line.count }
            }
            if dropped > 0 {
                write(JSONLogHandler.line(level: "warning", message: "log lines dropped", [("lines", "\(dropped)")]))
            }
        }
    }

    /// One call of the system for a line, so that lines of several processes stay whole.
    private func write(_ line: [UInt8]) {
        line.withUnsafeBytes { bytes in
            var rest = bytes[...]
            while !rest.isEmpty {
                let count = Foundation.write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
                if count > 0 {
                    rest = rest.dropFirst(count)
                } else if errno == EAGAIN {
                    var poll = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                    _ = Foundation.poll(&poll, 1, -1)
                } else if errno != EINTR {
                    return
                }
            }
        }
    }
}
