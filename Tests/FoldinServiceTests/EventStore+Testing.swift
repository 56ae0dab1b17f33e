#if Service
import FoldinMessages

@testable import FoldinService

extension EventStore {
    /// All events in the order of arrival.
    func all() async throws -> [Event] {
        var events: [Event] = []
        try await forEachPage { events += $0 }
        return events
    }

    /// The history of a user as the service makes it.
    func history(
        of user: String, count: Int = 1_000, events: Int = 20_000, likedAbove threshold: Double? = nil
    ) async throws -> EventHistory {
        EventHistory(try await latestEvents(of: user, limit: events), count: count, likedAbove: threshold)
    }
}

extension EventStoreOptions {
    /// The defaults with another limit of events per user.
    static func keeping(_ eventsPerUser: Int) -> EventStoreOptions {
        var options = EventStoreOptions()
        options.eventsPerUser = eventsPerUser
        return options
    }
}
#endif
