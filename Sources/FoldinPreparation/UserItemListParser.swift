/// Parses lines of a user and then the user's items, separated by blanks. A line may have a user only.
struct UserItemListParser: RowParser {
    var hasRatings: Bool { false }

    func parse(_ block: UnsafeRawBufferPointer, into rows: inout RatingsBlock) throws(RowFault) {
        var place = 0
        var user: UInt32?
        var isLineStart = true
        while place < block.count {
            if isLineStart {
                rows.lineCount += 1
                user = nil
                isLineStart = false
            }
            let byte = block[place]
            if byte == 32 || byte == 9 || byte == 13 {
                place += 1
            } else if byte == 10 {
                isLineStart = true
                place += 1
            } else {
                let start = place
                while ![32, 9, 13, 10].contains(block[place]) { place += 1 }
                let id = UnsafeRawBufferPointer(rebasing: block[start..<place])
                if let user {
                    try Field.check(id, "an item")
                    rows.users.append(user)
                    rows.items.append(rows.itemIds.code(of: id))
                } else {
                    try Field.check(id, "a user")
                    user = rows.userIds.code(of: id)
                }
            }
        }
    }
}
