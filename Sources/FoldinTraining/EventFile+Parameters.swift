import Foundation

// The input of TensorBoard's page of hyperparameters: three summaries whose metadata is a message of its plugin (`HParamsPluginData`), with
// an empty tensor.
extension EventFile {
    /// The experiment, with the options' names and the metrics' tags, and the start of this session, with the options' values.
    static func parameterSummaries(_ options: [String: String], began: Double) -> [ProtocolBuffer] {
        guard !options.isEmpty else { return [] }
        let sorted = options.sorted { $0.key < $1.key }

        // `Experiment`: creation time 3, parameters 4 (name 1, type 4), metrics 5 (name 1 { tag 2 }).
        var experiment = ProtocolBuffer()
        experiment.add(3, began)
        for (name, value) in sorted {
            var info = ProtocolBuffer()
            info.add(1, name)
            info.add(4, Double(value) == nil ? 1 : 3)  // a string, or a number
            experiment.add(4, info)
        }
        for tag in ["validation", "validation_loss"] {
            var name = ProtocolBuffer()
            name.add(2, tag)
            var metric = ProtocolBuffer()
            metric.add(1, name)
            experiment.add(5, metric)
        }

        // `SessionStartInfo`: parameters 1 (name 1, value 2 { number 2, string 3 }), start time 5.
        var session = ProtocolBuffer()
        for (name, text) in sorted {
            var value = ProtocolBuffer()
            if let number = Double(text) { value.add(2, number) } else { value.add(3, text) }
            var entry = ProtocolBuffer()
            entry.add(1, name)
            entry.add(2, value)
            session.add(1, entry)
        }
        session.add(5, began)
        return [
            summary(tag: "_hparams_/experiment", field: 2, experiment),
            summary(tag: "_hparams_/session_start_info", field: 3, session),
        ]
    }

    /// The end of the session: success.
    static func endSummary(_ time: Double) -> ProtocolBuffer {
        var session = ProtocolBuffer()
        session.add(1, 1)
        session.add(2, time)
        return summary(tag: "_hparams_/session_end_info", field: 4, session)
    }

    /// `Summary` of one value: tag 1, tensor 8 (type 1: float, an empty shape 2, a zero 5), metadata 9 { plugin 1 { name 1, content 2 } }.
    private static func summary(tag: String, field: Int, _ message: ProtocolBuffer) -> ProtocolBuffer {
        var content = ProtocolBuffer()
        content.add(field, message)
        var plugin = ProtocolBuffer()
        plugin.add(1, "hparams")
        plugin.add(2, content)
        var metadata = ProtocolBuffer()
        metadata.add(1, plugin)
        var tensor = ProtocolBuffer()
        tensor.add(1, 1)
        tensor.add(2, ProtocolBuffer())
        tensor.add(5, Float(0))
        var value = ProtocolBuffer()
        value.add(1, tag)
        value.add(8, tensor)
        value.add(9, metadata)
        var summary = ProtocolBuffer()
        summary.add(1, value)
        return summary
    }
}

/// A message in the wire format of Protocol Buffers, written field by field.
struct ProtocolBuffer: Sendable {
    private(set) var bytes: [UInt8] = []

    mutating func add(_ field: Int, _ number: Int) {
        key(field, wire: 0)
        variable(UInt64(bitPattern: Int64(number)))
    }

    mutating func add(_ field: Int, _ number: Double) {
        key(field, wire: 1)
        withUnsafeBytes(of: number.bitPattern.littleEndian) { bytes += $0 }
    }

    mutating func add(_ field: Int, _ number: Float) {
        key(field, wire: 5)
        withUnsafeBytes(of: number.bitPattern.littleEndian) { bytes += $0 }
    }

    mutating func add(_ field: Int, _ text: String) {
        key(field, wire: 2)
        variable(UInt64(text.utf8.count))
        bytes += text.utf8
    }

    mutating func add(_ field: Int, _ message: ProtocolBuffer) {
        key(field, wire: 2)
        variable(UInt64(message.bytes.count))
        bytes += message.bytes
    }

    private mutating func key(_ field: Int, wire: Int) { variable(UInt64(field << 3 | wire)) }

    /// Seven bits per byte, the lowest first; the top bit is set in all bytes but the last.
    private mutating func variable(_ number: UInt64) {
        var rest = number
        while rest > 0x7F {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }
}
