#if Service
import FoldinMessages

/// The items that a user has events of, the latest first, each once.
struct EventHistory: Sendable, Equatable {
    var liked: [String] = []
    /// Items that the user rated too low to like them.
    var others: [String] = []

    init(liked: [String] = [], others: [String] = []) { (self.liked, self.others) = (liked, others) }

    /// The items of `latest`, which are in descending order of time; at most `count` of either kind.
    ///
    /// The last event of an item decides. An event without a rating is a like, and so is a rating above `threshold`, or, when it is nil, one
    /// that is not negative.
    init(_ latest: [Event], count: Int, likedAbove threshold: Double?) {
        var seen: Set<String> = []
        for event in latest where seen.insert(event.item).inserted {
            let isLiked = event.rating.map { rating in threshold.map { rating > $0 } ?? (rating >= 0) } ?? true
            if isLiked, liked.count < count { liked.append(event.item) }
            if !isLiked, others.count < count { others.append(event.item) }
        }
    }
}
#endif
