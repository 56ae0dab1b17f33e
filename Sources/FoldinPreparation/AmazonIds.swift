/// The forms of Amazon's ids.
enum AmazonIds {
    enum Order { case userFirst, itemFirst, unclear, unknown }

    /// Which of two columns has the reviewers and which the products.
    static func order(_ rows: [(String, String)]) -> Order {
        func share(_ holds: ((String, String)) -> Bool) -> Double {
            Double(rows.count(where: holds)) / Double(max(1, rows.count))
        }
        let users = (share { isReviewer($0.0) }, share { isReviewer($0.1) })
        let items = (share { isProduct($0.0) }, share { isProduct($0.1) })
        if items.0 >= 0.9, users.1 >= 0.9 { return .itemFirst }
        if users.0 >= 0.9, items.1 >= 0.5 { return .userFirst }
        return share { $0.0.hasPrefix("B0") && isProduct($0.0) } >= 0.9 ? .unclear : .unknown
    }

    /// `A` and then 9 to 27 capitals and digits.
    static func isReviewer(_ id: String) -> Bool {
        (10...28).contains(id.utf8.count) && id.hasPrefix("A") && id.utf8.allSatisfy(isCapitalOrDigit)
    }

    /// `B0` and then 8 capitals and digits, or an ISBN of ten digits.
    static func isProduct(_ id: String) -> Bool {
        let bytes = Array(id.utf8)
        guard bytes.count == 10, bytes.allSatisfy(isCapitalOrDigit) else { return false }
        if bytes[0] == UInt8(ascii: "B") { return (48...57).contains(bytes[1]) }
        return bytes.dropLast().allSatisfy { (48...57).contains($0) }
            && ((48...57).contains(bytes[9]) || bytes[9] == UInt8(ascii: "X"))
    }

    private static func isCapitalOrDigit(_ byte: UInt8) -> Bool { (48...57).contains(byte) || (65...90).contains(byte) }
}
