import Foldin
import Foundation
import Synchronization

#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

/// A file from the network, saved while it arrives.
struct Download {
    let address: String

    /// Saves the file to `path`, with progress on standard error. Throws `FoldinError` of kind `missingInput` if it cannot be
    /// downloaded, `writeFailed` if it cannot be stored.
    func save(to path: String) async throws {
        guard let url = URL(string: address), ["http", "https"].contains(url.scheme?.lowercased()), url.host != nil else {
            throw FoldinError(.usage, found: "the address '\(address)'", expected: "one that begins with http:// or https://")
        }
        guard FileManager.default.createFile(atPath: path, contents: nil), let file = FileHandle(forWritingAtPath: path) else {
            throw FoldinError(
                .cannotCreate, file: path, found: "no file that can be written", expected: "a writable place for the download")
        }
        defer { try? file.close() }
        let receiver = Receiver(address: address, file: file)
        // A download is abandoned after half a minute without a byte.
        let configuration = URLSessionConfiguration.ephemeral
        configuration.timeoutIntervalForRequest = 30
        let session = URLSession(configuration: configuration, delegate: receiver, delegateQueue: nil)
        defer { session.finishTasksAndInvalidate() }
        let task = session.dataTask(with: url)
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                receiver.begin(continuation)
                task.resume()
            }
        } onCancel: {
            task.cancel()
        }
        Console.progress("")
        do {
            try file.synchronize()
            try file.close()
        } catch {
            throw FoldinError(
                .writeFailed, file: path, found: UnexpectedError.reason(error), expected: "a complete download on disk")
        }
    }
}

/// Writes the received bytes to the file and reports the end once.
private final class Receiver: NSObject, URLSessionDataDelegate, Sendable {
    private struct State {
        var continuation: CheckedContinuation<Void, any Error>?
        var failure: FoldinError?
        var expected: Int64 = -1
        var received: Int64 = 0
        var shown: Int64 = 0
    }

    private let address: String
    private let file: FileHandle
    private let state = Mutex(State())

    init(address: String, file: FileHandle) {
        self.address = address
        self.file = file
    }

    func begin(_ continuation: CheckedContinuation<Void, any Error>) { state.withLock { $0.continuation = continuation } }

    func urlSession(
        _ session: URLSession, dataTask: URLSessionDataTask, didReceive response: URLResponse,
        completionHandler: @escaping (URLSession.ResponseDisposition) -> Void
    ) {
        let status = (response as? HTTPURLResponse)?.statusCode ?? 200
        state.withLock {
            $0.expected = response.expectedContentLength
            if status != 200 {
                $0.failure = FoldinError(.missingInput, file: address, found: "HTTP status \(status)", expected: "the file (200)")
            }
        }
        completionHandler(status == 200 ? .allow : .cancel)
    }

    func urlSession(_ session: URLSession, dataTask: URLSessionDataTask, didReceive data: Data) {
        do {
            try file.write(contentsOf: data)
        } catch {
            state.withLock {
                $0.failure = FoldinError(
                    .writeFailed, file: address, found: "a download that cannot be stored", expected: "enough space on the disk")
            }
            dataTask.cancel()
        }
        let (received, expected, isDue) = state.withLock { state in
            state.received += Int64(data.count)
            let isDue = state.received - state.shown >= 1 << 20
            if isDue { state.shown = state.received }
            return (state.received, state.expected, isDue)
        }
        guard isDue else { return }
        let share = expected > 0 ? " of \(expected >> 20) MB (\(100 * received / expected)%)" : " MB"
        Console.progress("\(received >> 20)\(share)")
    }

    func urlSession(_ session: URLSession, task: URLSessionTask, didCompleteWithError error: (any Error)?) {
        let (continuation, failure) = state.withLock { state in
            defer { state.continuation = nil }
            let isShort = state.expected > 0 && state.received < state.expected
            let other =
                error == nil && !isShort
                ? nil
                : FoldinError(
                    .missingInput, file: address,
                    found: error.map(UnexpectedError.reason) ?? "\(state.received) of \(state.expected) bytes",
                    expected: "a complete download; is there a network?")
            return (state.continuation, state.failure ?? other)
        }
        if let failure { continuation?.resume(throwing: failure) } else { continuation?.resume() }
    }
}
