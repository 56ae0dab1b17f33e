import FoldinInteractions
import FoldinSupport

extension Ratings {
    /// These rows and then those of another file.
    func followed(by other: Ratings) throws -> Ratings { try Ratings(self, other) }

    private init(_ first: Ratings, _ second: Ratings) throws {
        for (has, lacks, name) in [
            (first.hasRatings, second.hasRatings, "ratings"), (!first.timestamps.isEmpty, !second.timestamps.isEmpty, "times"),
            (
                first.usesCalendar && !first.timestamps.isEmpty, second.usesCalendar && !second.timestamps.isEmpty,
                "dates for times"
            ),
        ] where has != lacks {
            throw FoldinError(
                .badData, file: has ? second.path : first.path, found: "no \(name), which \(has ? first.path : second.path) has",
                expected: "\(name) in all files or in no file")
        }
        var (users, items) = (first.userIds, first.itemIds)
        let (userCodes, itemCodes) = (users.merge(second.userIds), items.merge(second.itemIds))
        // Numbers without rows have the code 0, which no row uses; an empty table has no codes.
        func joined(_ codes: [UInt32], _ new: [UInt32]) -> [UInt32] { codes.map { Int($0) < new.count ? new[Int($0)] : 0 } }
        files = first.files + second.files
        layouts = first.layouts + second.layouts
        hasRatings = first.hasRatings
        rows =
            first.rows
            + second.rows.map {
                CodedRows(columns: $0.columns, codes: (joined($0.codes.users, userCodes), joined($0.codes.items, itemCodes)))
            }
        timestamps = first.timestamps + second.timestamps
        usesCalendar = first.usesCalendar
        userIds = users
        itemIds = items
        userCount = users.count
        itemCount = items.count
        workers = first.workers
        reading = first.reading
        var bad = first.badRows
        bad.add(second.badRows)
        badRows = bad
        notKeptCount = first.notKeptCount + second.notKeptCount
        count = first.count + second.count
    }
}
