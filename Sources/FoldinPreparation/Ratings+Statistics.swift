extension Ratings {
    /// The rating that all rows have; nil if ratings differ or there are none.
    public var onlyRating: Float? {
        guard hasRatings, let first = rows.first(where: { $0.count > 0 })?.columns.rating(0) else { return nil }
        let isConstant = rows.allSatisfy { piece in (0..<piece.count).allSatisfy { piece.columns.rating($0) == first } }
        return isConstant ? first : nil
    }

    /// The number of users whose id has a title; users and items may be exchanged if it is not 0.
    public func usersTitled(by titles: Titles) -> Int {
        titles.titles(of: (0..<userIds.count).map { userIds[$0] }).count { $0 != nil }
    }
}
