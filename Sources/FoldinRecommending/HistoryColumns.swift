import FoldinInteractions

/// The user and item columns of a CSV file, found by the names in its header.
struct HistoryColumns: Equatable {
    let delimiter: UInt8
    let names: [String]
    let user: Int
    let item: Int

    /// Common names of user columns, normalised; the first that occurs is used.
    static let userNames = [
        "userid", "user", "uid", "customerid", "customer", "customerno", "clientid", "client", "reviewerid", "reviewer",
        "memberid",
        "member", "visitorid", "visitor", "accountid", "account", "personid", "person", "buyerid", "buyer", "username",
        "profileid",
        "profilename", "deviceid", "sessionid", "session",
    ]
    /// Common names of item columns, normalised; of several columns with equally many known ids, the first of these is used.
    static let itemNames = [
        "itemid", "item", "iid", "movieid", "movie", "productid", "product", "sku", "asin", "parentasin", "stockcode",
        "articleid",
        "article", "artistid", "artist", "trackid", "track", "songid", "song", "bookid", "book", "isbn", "gameid", "game",
        "appid",
        "recipeid", "recipe", "businessid", "venueid", "locationid", "poiid", "placeid", "courseid", "newsid", "contentid",
        "beerid", "sid",
        "itemname", "productname", "gametitle", "gamename", "movietitle", "title", "name",
    ]

    /// A name in lower case without blanks, `_` and `-`, and without the type that RecBole appends.
    static func normalized(_ name: String) -> String {
        name.prefix { $0 != ":" }.lowercased().filter { !"_- \t".contains($0) }
    }

    /// Finds the columns by `header`; nil if it does not name a user and an item.
    ///
    /// If several columns may hold items, the one with the most ids of `items` in the rows of `sample` is used.
    init?(header: UnsafeRawBufferPointer, sample: ArraySlice<UnsafeRawBufferPointer>, known items: Vocabulary) {
        for delimiter in ",\t;|".utf8 {
            guard let fields = try? IdField.split(header, at: { $0 == delimiter }), fields.count > 1 else { continue }
            let names = fields.map(\.id)
            let normalized = names.map(Self.normalized)
            guard let user = Self.userNames.lazy.compactMap({ normalized.firstIndex(of: $0) }).first else { continue }
            let candidates = Self.itemNames.compactMap { normalized.firstIndex(of: $0) }
            guard let first = candidates.first else { continue }
            var item = first
            if candidates.count > 1 {
                let rows = sample.compactMap { row in try? IdField.split(row) { $0 == delimiter } }
                let known = candidates.map { column in rows.count { $0.count > column && items.index(of: $0[column].id) != nil } }
                // Among equals the earlier name wins.
                for (place, column) in candidates.enumerated() where known[place] > known[candidates.firstIndex(of: item) ?? 0] {
                    item = column
                }
            }
            (self.delimiter, self.names, self.user, self.item) = (delimiter, names, user, item)
            return
        }
        return nil
    }

    /// Whether `line` is a header with blanks between the names, which is not supported.
    static func isBlankSeparated(_ line: UnsafeRawBufferPointer) -> Bool {
        let names = line.split(whereSeparator: IdField.isBlank).map { normalized(String(decoding: $0, as: UTF8.self)) }
        return names.count > 1 && names.contains(where: userNames.contains) && names.contains(where: itemNames.contains)
    }
}
