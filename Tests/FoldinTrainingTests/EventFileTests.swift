import FoldinTestSupport
import Foundation
import Testing

@testable import FoldinTraining

/// The framing and the contents of TensorBoard's files. `Tests/Reference/tensorboard_reference.py` reads them with TensorBoard.
@Suite("TensorBoard's events") struct EventFileTests {
    /// The messages of a file, its checksums checked.
    static func messages(_ path: String) throws -> [[UInt8]] {
        let bytes = [UInt8](try Data(contentsOf: URL(filePath: path)))
        var messages: [[UInt8]] = []
        var at = 0
        func number(_ start: Int, _ size: Int) -> UInt64 { (0..<size).reduce(0) { $0 | UInt64(bytes[start + $1]) << (8 * $1) } }
        while at < bytes.count {
            let length = Int(number(at, 8))
            #expect(number(at + 8, 4) == UInt64(EventFile.maskedChecksum(Array(bytes[at..<at + 8]))))
            let message = Array(bytes[at + 12..<at + 12 + length])
            #expect(number(at + 12 + length, 4) == UInt64(EventFile.maskedChecksum(message)))
            messages.append(message)
            at += 16 + length
        }
        #expect(at == bytes.count)
        return messages
    }

    /// The steps of a file's events: the varint of field 2 after the wall time.
    static func steps(_ path: String) throws -> [Int] {
        try messages(path).map { message in
            #expect(message[0] == 0x09 && message[9] == 0x10)
            return Int(message[10])
        }
    }

    /// The check value of CRC-32C is 0xE3069283; rotated by 15 and shifted by 0xA282EAD8 it is this.
    @Test func hasTheKnownChecksum() {
        let plain: UInt32 = 0xE306_9283
        #expect(EventFile.maskedChecksum(Array("123456789".utf8)) == (plain >> 15 | plain << 17) &+ 0xA282_EAD8)
    }

    /// The examples of the format's documentation.
    @Test func writesTheWireFormat() {
        var message = ProtocolBuffer()
        message.add(1, 150)
        message.add(2, "testing")
        message.add(
            3,
            {
                var inner = ProtocolBuffer()
                inner.add(1, 150)
                return inner
            }())
        #expect(
            message.bytes == [
                0x08, 0x96, 0x01, 0x12, 0x07, 0x74, 0x65, 0x73, 0x74, 0x69, 0x6E, 0x67, 0x1A, 0x03, 0x08, 0x96, 0x01,
            ])
        var numbers = ProtocolBuffer()
        numbers.add(1, 1.0)
        numbers.add(2, Float(-2))
        #expect(numbers.bytes == [0x09, 0, 0, 0, 0, 0, 0, 0xF0, 0x3F, 0x15, 0, 0, 0, 0xC0])
    }

    /// Each epoch appears once, also if a killed process had written more epochs after its checkpoint; the search has its own folder.
    @Test func resumingRepeatsNothing() throws {
        let trainer = SearchTests.trainer(epochs: 4)
        for steps in [8, 17] {
            try withTemporaryFolder { folder in
                var (made, ended) = (0, 0)
                let run = try RunDirectory(creating: folder + "/run", options: trainer.options)
                _ = try trainer.run(
                    on: Checkerboard.dataset(), isCancelled: { made == steps },
                    onCheckpoint: { try $0.save(to: run.checkpointPath) }, onStep: { _, _, _ in made += 1 },
                    progress: { epoch in
                        ended += 1
                        try run.append(epoch)
                        try run.append(epoch)
                    })
                let checkpoint = try TrainingCheckpoint(contentsOf: run.checkpointPath)
                let resumed = try RunDirectory(resuming: folder + "/run", from: checkpoint)
                let rest = try trainer.run(on: Checkerboard.dataset(), from: checkpoint, progress: { try resumed.append($0) })
                try resumed.finish()
                let epochs = Array(1...rest.history.count)
                // A header, two summaries of options, the epochs, the end.
                #expect(try Self.steps(resumed.eventsPath + "/" + EventFile.name) == [0, 0, 0] + epochs + [0])
                #expect(try Self.steps(resumed.eventsPath + "/search/" + EventFile.name) == [0, 1, 2, 3, 4])
                for (path, count) in [(resumed.historyPath, epochs.count), (resumed.searchPath, 4)] {
                    let lines = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n")
                    let read = try lines.map { try JSONDecoder().decode(EpochReport.self, from: Data($0.utf8)) }
                    #expect(
                        read.map(\.epoch) == Array(1...count) && read.allSatisfy { $0.isSearch == (path == resumed.searchPath) })
                }
            }
        }
    }
}
