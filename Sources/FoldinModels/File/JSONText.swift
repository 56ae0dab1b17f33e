/// A value that is a string in a file: its own JSON text.
struct JSONText: Codable, Sendable {
    /// The text as it was read; empty for a value that is yet to be written.
    let text: String
    private let value: (any Encodable & Sendable)?

    /// The text of a value, made when it is encoded.
    init(_ value: any Encodable & Sendable) { (text, self.value) = ("", value) }

    init(from decoder: Decoder) throws { (text, value) = (try decoder.singleValueContainer().decode(String.self), nil) }

    func encode(to encoder: Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(value.map { try json($0) } ?? text)
    }
}
