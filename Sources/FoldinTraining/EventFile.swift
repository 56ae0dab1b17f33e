import FoldinInteractions
import FoldinSupport
import Foundation

/// A file of TensorBoard events: figures by tag and epoch, and the options of the training.
///
/// The format is TensorFlow's: records of length, checksum, one `Event` message, checksum. TensorBoard reads any file whose name contains
/// `tfevents`.
struct EventFile: Sendable {
    static let name = "events.out.tfevents.0.foldin"

    let path: String

    /// Writes a new file atomically: a header, the options, and the epochs so far, with times as if the last of them ended now.
    init(creating folder: String, options: [String: String], history: [EpochReport]) throws {
        path = folder + "/" + EventFile.name
        let now = Date().timeIntervalSince1970
        let began = now - (history.last?.seconds ?? 0)
        var bytes: [UInt8] = []
        bytes += Self.record(Self.event(time: began) { $0.add(3, "brain.Event:2") })
        for summary in Self.parameterSummaries(options, began: began) {
            bytes += Self.record(Self.event(time: began) { $0.add(5, summary) })
        }
        for epoch in history { bytes += Self.record(Self.event(of: epoch, time: began + epoch.seconds)) }
        do {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        } catch {
            throw FoldinError(
                .cannotCreate, file: folder, found: "a path where a directory cannot be created",
                expected: "a directory for TensorBoard's events")
        }
        try AtomicFile.write(to: path) { sink in try bytes.withUnsafeBytes { try sink.write($0) } }
    }

    /// The file that `init(creating:options:history:)` wrote in `folder`.
    init(openIn folder: String) { path = folder + "/" + EventFile.name }

    /// Appends an epoch's figures: tags as in `history.jsonl`, the epoch as the step.
    func append(_ epoch: EpochReport) throws {
        try append(Self.event(of: epoch, time: Date().timeIntervalSince1970))
    }

    /// Appends the end of the training.
    func finish() throws {
        let now = Date().timeIntervalSince1970
        try append(Self.event(time: now) { $0.add(5, Self.endSummary(now)) })
    }

    private func append(_ event: ProtocolBuffer) throws {
        try AppendedFile.append(Self.record(event), to: path, expected: "one event per epoch")
    }

    /// `Event`: wall time 1, step 2, file version 3, summary 5.
    private static func event(
        time: Double, step: Int = 0, _ content: (inout ProtocolBuffer) -> Void
    ) -> ProtocolBuffer {
        var event = ProtocolBuffer()
        event.add(1, time)
        event.add(2, step)
        content(&event)
        return event
    }

    private static func event(of epoch: EpochReport, time: Double) -> ProtocolBuffer {
        event(time: time, step: epoch.epoch) { event in
            var summary = ProtocolBuffer()
            for (tag, value) in epoch.scalars {
                // `Summary.Value`: tag 1, simple value 2.
                var entry = ProtocolBuffer()
                entry.add(1, tag)
                entry.add(2, Float(value))
                summary.add(1, entry)
            }
            event.add(5, summary)
        }
    }

    /// The length, its checksum, the message, its checksum; numbers little-endian.
    private static func record(_ message: ProtocolBuffer) -> [UInt8] {
        func bytes(_ number: some FixedWidthInteger) -> [UInt8] { withUnsafeBytes(of: number.littleEndian, Array.init) }
        let length = bytes(UInt64(message.bytes.count))
        return length + bytes(maskedChecksum(length)) + message.bytes + bytes(maskedChecksum(message.bytes))
    }

    /// CRC-32C (Castagnoli), rotated and shifted as in TensorFlow's records, so that data which contains checksums is still checked well.
    static func maskedChecksum(_ bytes: [UInt8]) -> UInt32 {
        var checksum = UInt32.max
        for byte in bytes { checksum = checksum >> 8 ^ checksumTable[Int((checksum ^ UInt32(byte)) & 0xFF)] }
        checksum = ~checksum
        return (checksum >> 15 | checksum << 17) &+ 0xA282_EAD8
    }

    private static let checksumTable: [UInt32] = (0..<256).map { byte in
        (0..<8).reduce(UInt32(byte)) { rest, _ in rest >> 1 ^ (rest & 1 == 1 ? 0x82F6_3B78 : 0) }
    }
}
