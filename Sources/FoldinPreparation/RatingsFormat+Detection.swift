import FoldinInteractions
import Foundation

extension RatingsFormat {
    private static let userNames = ["userId", "user_id", "userid", "user", "uid", "reviewerID", "customer_id", "u"]
    private static let itemNames = [
        "movieId", "itemId", "item_id", "movie_id", "itemid", "item", "iid", "sid", "asin", "parent_asin", "product_id", "i",
    ]
    private static let ratingNames = ["rating", "Rating", "overall", "score", "stars", "r"]
    private static let timestampNames = ["timestamp", "Timestamp", "time", "unixReviewTime", "ts", "t"]

    /// The format of a file, by its name and the beginning of its (uncompressed) contents.
    ///
    /// Throws `FoldinError` of kind `badData` if nothing fits, saying how to name the columns.
    static func detected(name path: String, beginning: UnsafeRawBufferPointer) throws -> RatingsFormat {
        var name = (path as NSString).lastPathComponent.lowercased()
        if name.hasSuffix(".gz") { name.removeLast(3) }
        var line = String(decoding: beginning.prefix { $0 != 10 }.prefix(100_000), as: UTF8.self)
        if line.hasPrefix("\u{FEFF}") { line.removeFirst() }
        if line.hasSuffix("\r") { line.removeLast() }

        if line.hasPrefix("{") { return .amazonJSONLines }
        if name.hasSuffix(".inter") || line.contains("user_id:token") { return .recBole }
        if line.contains("::") { return .movieLensDat }
        for delimiter in [",", "\t", ";", "|"] {
            let fields = line.components(separatedBy: delimiter).map(unquoted)
            guard fields.count >= 2 else { continue }
            if let columns = named(fields, delimiter: delimiter) { return columns }
            if let columns = numbered(fields, delimiter: delimiter) { return columns }
        }
        if isList(line) { return .userItemLists }
        throw FoldinError(
            .badData, file: path, line: 1, found: "'\(line.prefix(80))'",
            expected:
                "a layout that can be recognised; say which with --format, --delimiter and --user-column, --item-column, ...")
    }

    private static func named(_ fields: [String], delimiter: String) -> RatingsFormat? {
        func column(_ names: [String]) -> DelimitedColumns.Column? {
            names.first { fields.contains($0) }.map { .name($0) }
        }
        guard let user = column(userNames), let item = column(itemNames) else { return nil }
        if delimiter == ",", user == "userId", item == "movieId" { return .movieLensCSV }
        return .delimited(
            DelimitedColumns(
                delimiter: delimiter, user: user, item: item, rating: column(ratingNames), timestamp: column(timestampNames)))
    }

    /// Without a header, only the usual order is recognised: user, item, rating and perhaps a time.
    private static func numbered(_ fields: [String], delimiter: String) -> RatingsFormat? {
        guard fields.count <= 4, fields.dropFirst(2).allSatisfy({ Double($0) != nil }) else { return nil }
        if fields.count == 2, fields.contains(where: { Int($0) == nil }) { return nil }
        return .delimited(
            DelimitedColumns(
                delimiter: delimiter, hasHeader: false, user: 1, item: 2, rating: fields.count > 2 ? 3 : nil,
                timestamp: fields.count > 3 ? 4 : nil))
    }

    private static func isList(_ line: String) -> Bool {
        let words = line.split(separator: " ")
        return !words.isEmpty && words.allSatisfy { !$0.contains(where: { ",;|\t:\"".contains($0) }) }
            && (words.count > 1 || words.allSatisfy { Int($0) != nil })
            && words.prefix(20).allSatisfy { word in word.utf8.contains { $0 >= 48 && $0 <= 57 } }
    }

    private static func unquoted(_ field: String) -> String {
        field.count >= 2 && field.hasPrefix("\"") && field.hasSuffix("\"") ? String(field.dropFirst().dropLast()) : field
    }
}
