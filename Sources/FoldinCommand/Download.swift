import CCurl
import Dispatch
import Foldin
import Foundation
import Synchronization

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
        let transfer = Transfer()
        let outcome = await withTaskCancellationHandler {
            // libcurl waits in its own loop, which must not be on a thread of the concurrency runtime.
            await withCheckedContinuation { continuation in
                DispatchQueue.global().async {
                    continuation.resume(returning: transfer.run(address, file.fileDescriptor))
                }
            }
        } onCancel: {
            transfer.isCancelled.store(true, ordering: .relaxed)
        }
        Console.progress("")
        if outcome.end == foldin_download_cancelled { throw CancellationError() }
        if let failure = failure(outcome) { throw failure }
        do {
            try file.synchronize()
            try file.close()
        } catch {
            throw FoldinError(
                .writeFailed, file: path, found: UnexpectedError.reason(error), expected: "a complete download on disk")
        }
    }

    private func failure(_ outcome: Transfer.Outcome) -> FoldinError? {
        switch outcome.end {
        case foldin_download_complete: nil
        case foldin_download_unavailable:
            FoldinError(
                .missingInput, file: address, found: "no library libcurl.so.4 to download it with",
                expected: "an installed one (Debian's package is libcurl4), or a copy in $FOLDIN_DATASETS")
        case foldin_download_refused:
            FoldinError(.missingInput, file: address, found: "HTTP status \(outcome.status)", expected: "the file (200)")
        case foldin_download_not_written:
            FoldinError(
                .writeFailed, file: address, found: "a download that cannot be stored", expected: "enough space on the disk")
        default:
            FoldinError(
                .missingInput, file: address, found: outcome.message, expected: "a complete download; is there a network?")
        }
    }
}

/// One transfer by libcurl: its progress, and whether it is to end.
private final class Transfer: Sendable {
    struct Outcome {
        let end: foldin_download_end
        let status: Int
        /// The sentence of libcurl about a transfer that failed.
        let message: String
    }

    let isCancelled = Atomic(false)
    private let shown = Atomic<Int64>(0)

    /// Downloads into an open file; returns at the end of the transfer.
    func run(_ address: String, _ descriptor: Int32) -> Outcome {
        var status = 0
        var message = [CChar](repeating: 0, count: foldin_download_message_capacity)
        let end = foldin_download(
            address, descriptor, Unmanaged.passUnretained(self).toOpaque(),
            { context, received, size in
                guard let context else { return true }
                return Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue().proceeds(received, size)
            }, &status, &message)
        return Outcome(
            end: end, status: status,
            message: String(decoding: message.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self))
    }

    /// Shows the progress per MiB; false if the transfer is to end.
    private func proceeds(_ received: Int64, _ size: Int64) -> Bool {
        if received - shown.load(ordering: .relaxed) >= 1 << 20 {
            shown.store(received, ordering: .relaxed)
            Console.progress("\(received >> 20)" + (size > 0 ? " of \(size >> 20) MB (\(100 * received / size)%)" : " MB"))
        }
        return !isCancelled.load(ordering: .relaxed)
    }
}
