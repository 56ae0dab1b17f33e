import Foundation

/// The known names of columns and keys, without regard to case, blanks, points, hyphens and underscores. If a file has several of them,
/// the first in the list is used.
enum ColumnNames {
    static let user = [
        "userid", "user", "uid", "reviewerid", "customerid", "customer", "visitorid", "username", "memberid", "accountid",
        "profileid",
        "clientid", "buyerid", "authorid", "userkey", "usersid", "steamid", "deviceid", "sessionid", "u",
    ]
    static let item = [
        "movieid", "itemid", "parentasin", "asin", "item", "iid", "sid", "sku", "productid", "product", "articleid", "bookid",
        "isbn",
        "businessid", "trackid", "songid", "artistid", "gameid", "appid", "animeid", "recipeid", "newsid", "videoid", "venueid",
        "storeid", "restaurantid", "jokeid", "courseid", "listingid", "offerid", "goodsid", "contentid", "stockcode", "movie",
        "i",
    ]
    static let rating = [
        "rating", "overall", "score", "stars", "bookrating", "reviewscore", "reviewrating", "userrating", "ratings", "starrating",
        "r",
    ]
    static let timestamp = [
        "timestamp", "time", "unixreviewtime", "ts", "purchasedat", "createdat", "date", "datetime", "eventtime", "reviewtime",
        "purchasedate", "orderdate", "invoicedate", "unixtime", "occurredat", "addedat", "dateadded", "t",
    ]
    static let title = [
        "title", "movietitle", "name", "itemtitle", "booktitle", "producttitle", "productname", "itemname", "trackname",
        "songname",
        "gamename", "appname", "artistname", "moviename", "description",
    ]

    /// `name` in the form in which names are compared.
    static func canonical(_ name: String) -> String {
        guard name.utf8.allSatisfy({ $0 < 0x80 }) else {
            return name.lowercased().filter { !" \t._-".contains($0) && $0 != "\u{FEFF}" }
        }
        var bytes: [UInt8] = []
        for byte in name.utf8 where byte != 32 && byte != 9 && byte != 46 && byte != 95 && byte != 45 {
            bytes.append(byte >= 65 && byte <= 90 ? byte | 0x20 : byte)
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The place in `names` of the first of `known` that is in it; a `preferred` name comes first.
    static func place(of known: [String], in names: [String], preferring preferred: String? = nil) -> Int? {
        place(of: known, among: names.map(canonical), preferring: preferred)
    }

    /// The same for names in canonical form.
    static func place(of known: [String], among canonicalNames: [String], preferring preferred: String? = nil) -> Int? {
        if let preferred, let place = canonicalNames.firstIndex(of: canonical(preferred)) { return place }
        for name in known {
            if let place = canonicalNames.firstIndex(of: name) { return place }
        }
        return nil
    }
}
