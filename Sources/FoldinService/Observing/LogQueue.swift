#if Service
import Dispatch
import Foundation
import NIOConcurrencyHelpers

/// A queue of log lines, which a thread of its own writes to a file or pipe: a caller never waits for the reader of the log.
///
/// When the reader is too slow and the queue is full, lines are dropped. When lines can be written again, the log says how many were dropped.
public final class LogQueue: Sendable {
    private struct State {
        var lines: [[UInt8]] = []
        var bytes = 0
        var isWriting = false
        var dropped = 0
        /// Dropped lines that the log has not reported yet, and those that `takeDropped` has not returned yet.
        var unreported = 0, untaken = 0
    }

    /// The queue of standard error.
    public static let standardError = LogQueue(descriptor: STDERR_FILENO)

    private let descriptor: CInt
    private let limit: Int
    private let state = NIOLockedValueBox(State())
    private let isFilled = DispatchSemaphore(value: 0)

    /// A queue with a thread of its own.
    ///
    /// - Parameter limit: bytes that may wait.
    init(descriptor: CInt, limit: Int = 1 << 20) {
        (self.descriptor, self.limit) = (descriptor, limit)
        Thread.detachNewThread { [self] in write() }
    }

    /// Appends a line, which ends with a newline.
    func append(_ line: [UInt8]) {
        let wakes = state.withLockedValue { state in
            guard state.bytes + line.count <= limit else {
                state.unreported += 1
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

    /// Waits until all lines are written, at most `time`.
    public func flush(within time: Duration = .seconds(2)) async {
        let end = ContinuousClock.now + time
        while state.withLockedValue(\.isWriting), .now < end { try? await Task.sleep(for: .milliseconds(5)) }
    }

    private func write() {
        while true {
            let (lines, dropped) = state.withLockedValue { state in
                defer { (state.lines, state.unreported) = ([], 0) }
                state.isWriting = !state.lines.isEmpty || state.unreported > 0
                return (state.lines, state.unreported)
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

    /// Writes a line by one system call, so that lines of several processes do not mix.
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
#endif
