import Foundation

/// The names that columns and keys go by, without regard to case, blanks, points, hyphens and underscores. Of several that a file has,
/// the first in the list is taken.
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

    /// `name` as it is compared.
    static func canonical(_ name: String) -> String {
        name.lowercased().filter { !" \t._-".contains($0) && $0 != "\u{FEFF}" }
    }

    /// Where the first of `known` that stands among `names` stands; `preferred` names come before.
    static func place(of known: [String], in names: [String], preferring preferred: String? = nil) -> Int? {
        let canonical = names.map(canonical)
        let order = [preferred.map(Self.canonical)].compactMap { $0 } + known
        return order.lazy.compactMap { canonical.firstIndex(of: $0) }.first
    }
}
