import FoldinInteractions
import FoldinSupport

extension Ratings {
    /// Which rows to keep.
    struct Filter: Sendable, Equatable {
        var ratingAbove: Double?
        var repeats: Repeats?
        var minimumItemInteractions = 0
        var minimumUserInteractions = 0
    }

    /// How several rows of the same user and item become one row.
    public enum Repeats: String, Sendable, CaseIterable {
        /// The first row, with its rating.
        case first
        /// The last row, with its rating.
        case last
        /// The first row of those with the greatest rating.
        case max
        /// The first row, with the sum of all ratings.
        case sum
    }

    /// Keeps rows whose rating is strictly above `threshold`, compared in single precision.
    ///
    /// Throws `FoldinError` of kind `usage` if the file has no ratings or `threshold` is not a number.
    public func rated(above threshold: Double) throws -> Ratings {
        guard hasRatings else {
            throw FoldinError(
                .usage, file: path, found: "a rating threshold for a file without ratings (\(format.name))",
                expected: "no threshold: every row is a click")
        }
        guard threshold.isFinite else {
            throw FoldinError(.usage, found: "the rating threshold \(threshold)", expected: "a finite number")
        }
        var result = self
        result.filter.ratingAbove = threshold
        return result
    }

    /// Makes one row of the rows of the same user and item before rows are filtered by rating. Without it, rows are filtered by rating first,
    /// and the first of the remaining ones is kept.
    ///
    /// Throws `FoldinError` of kind `usage` for `max` and `sum` if the file has no ratings.
    public func joiningRepeats(_ repeats: Repeats) throws -> Ratings {
        guard hasRatings || repeats == .first || repeats == .last else {
            throw FoldinError(
                .usage, file: path, found: "the \(repeats.rawValue) of ratings for a file without ratings (\(format.name))",
                expected: "first or last")
        }
        var result = self
        result.filter.repeats = repeats
        return result
    }

    /// Keeps items with at least `count` interactions, counted once, before users are filtered.
    public func keepingItems(withAtLeast count: Int) -> Ratings {
        var result = self
        result.filter.minimumItemInteractions = count
        return result
    }

    /// Keeps users with at least `count` interactions, counted once, after items are filtered.
    public func keepingUsers(withAtLeast count: Int) -> Ratings {
        var result = self
        result.filter.minimumUserInteractions = count
        return result
    }

    /// Gives the items of the prepared dataset their titles.
    public func titled(by titles: Titles) -> Ratings {
        var result = self
        result.titles = titles
        return result
    }
}

extension Ratings.Filter {
    /// The options in the spelling of `prepare.json`.
    var options: [String: String] {
        var options = [
            "min-item-interactions": "\(minimumItemInteractions)", "min-user-interactions": "\(minimumUserInteractions)",
        ]
        if let ratingAbove { options["rating-above"] = "\(ratingAbove)" }
        if let repeats { options["repeats"] = repeats.rawValue }
        return options
    }

    var description: String {
        (ratingAbove.map { "ratings above \($0), " } ?? "")
            + "items with at least \(minimumItemInteractions), users with at least \(minimumUserInteractions) interactions"
    }
}
