import FoldinInteractions
import FoldinSupport

/// A history in a line of JSON: an array of ids, or an object with a user and such an array.
///
/// An id is a string or an integer; the id of an integer is its digits as they are written.
struct JSONHistory: Equatable {
    private(set) var user: String?
    private(set) var ids: [String] = []
    /// Members of the object that were ignored.
    private(set) var otherMembers: [String] = []

    /// Why the line is invalid: what was found and what was expected.
    struct Fault: Error {
        let found: String
        let expected: String
    }

    init(_ line: UnsafeRawBufferPointer) throws(Fault) {
        var scanner = JSONScanner(line)
        switch scanner.peek() {
        case UInt8(ascii: "["): ids = try Self.ids(&scanner)
        case UInt8(ascii: "{"): try readObject(&scanner)
        default: throw Fault(found: "'\(scanner.excerpt)'", expected: Self.shape)
        }
        guard scanner.peek() == nil else {
            throw Fault(found: "'\(scanner.excerpt)' after the end of the JSON value", expected: "one value per line")
        }
    }

    private static let shape = "an array of ids, or an object such as {\"user\": \"u1\", \"history\": [\"a\", \"b\"]}"

    private mutating func readObject(_ scanner: inout JSONScanner) throws(Fault) {
        try scanner.expect("{")
        var listName: String?
        var hasMore = scanner.peek() != UInt8(ascii: "}")
        if !hasMore { try scanner.expect("}") }
        while hasMore {
            let name = try scanner.string("a member's name in double quotes")
            try scanner.expect(":")
            let key = HistoryColumns.normalized(name)
            if key == "history" || key == "items" {
                if let listName {
                    throw Fault(found: "both \(listName.quoted) and \(name.quoted)", expected: "one list of ids")
                }
                guard scanner.peek() == UInt8(ascii: "[") else {
                    throw Fault(found: "\(name.quoted): '\(scanner.excerpt)'", expected: "an array of ids")
                }
                listName = name
                ids = try Self.ids(&scanner)
            } else if HistoryColumns.userNames.contains(key) {
                guard user == nil else { throw Fault(found: "a second user, \(name.quoted)", expected: "one user") }
                user = try Self.id(&scanner)
            } else {
                otherMembers.append(name)
                try scanner.skipValue()
            }
            hasMore = scanner.peek() == UInt8(ascii: ",")
            try scanner.expect(hasMore ? "," : "}")
        }
        guard listName != nil else { throw Fault(found: "an object without \"history\"", expected: Self.shape) }
    }

    private static func ids(_ scanner: inout JSONScanner) throws(Fault) -> [String] {
        try scanner.expect("[")
        var ids: [String] = []
        if scanner.peek() == UInt8(ascii: "]") {
            try scanner.expect("]")
            return ids
        }
        while true {
            ids.append(try id(&scanner))
            guard scanner.peek() == UInt8(ascii: ",") else { break }
            try scanner.expect(",")
        }
        try scanner.expect("]")
        return ids
    }

    private static func id(_ scanner: inout JSONScanner) throws(Fault) -> String {
        let expected = "an id: a string or an integer"
        switch scanner.peek() {
        case UInt8(ascii: "\"")?: return try scanner.string(expected)
        case UInt8(ascii: "-")?, (UInt8(ascii: "0")...UInt8(ascii: "9"))?:
            let number = try scanner.number()
            guard number.utf8.allSatisfy({ $0 == UInt8(ascii: "-") || UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }) else {
                throw Fault(found: "the number \(number)", expected: expected)
            }
            return number
        default: throw Fault(found: "'\(scanner.excerpt)'", expected: expected)
        }
    }
}
