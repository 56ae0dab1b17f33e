@_exported import FoldinMessages
import Foundation

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// Asks a Foldin service.
///
/// Every method throws `ProblemDocument` when the service refuses, and what `URLSession` throws when it cannot be reached.
public struct FoldinClient: Sendable {
    private let base: URL
    private let key: String?
    private let session: URLSession

    /// A client of the service at `base`, such as `http://127.0.0.1:8080`, with an API key if it wants one.
    public init(_ base: URL, key: String? = nil, session: URLSession = .shared) {
        self.base = base
        // As it comes from a file, with a newline.
        self.key = key?.trimmingCharacters(in: .whitespacesAndNewlines)
        self.session = session
    }

    /// Items for somebody who liked `history`; popular ones, of that `kind`, when the model knows none of it.
    public func recommendations(
        _ top: Int = 10, havingLiked history: [String], excluding excluded: [String] = []
    ) async throws -> RecommendationReply {
        try await recommendations(RecommendationRequest(history: history, top: top, exclude: excluded))
    }

    public func recommendations(_ request: RecommendationRequest) async throws -> RecommendationReply {
        try await send("POST", "v1/recommendations", request)
    }

    /// Replies in the order of `requests`.
    public func recommendations(_ requests: [RecommendationRequest]) async throws -> [RecommendationReply] {
        let reply: BatchReply = try await send("POST", "v1/recommendations:batch", BatchRequest(requests: requests))
        return reply.replies
    }

    /// Items for somebody whose events the service keeps, after the first `offset`.
    ///
    /// Long lists are no part of a path: send a `RecommendationRequest` with the user and no history instead.
    public func recommendations(
        _ top: Int = 10, offset: Int = 0, for user: String, excluding excluded: [String] = [], allowing allowed: [String]? = nil
    ) async throws -> RecommendationReply {
        func list(_ ids: [String]) -> String { ids.map(FoldinClient.encoded).joined(separator: ",") }
        var query = "top=\(top)"
        if offset != 0 { query += "&offset=\(offset)" }
        if !excluded.isEmpty { query += "&exclude=" + list(excluded) }
        if let allowed { query += "&allow=" + list(allowed) }
        return try await send("GET", "v1/users/\(FoldinClient.encoded(user))/recommendations?\(query)")
    }

    /// Items whose title has all words of `query`.
    public func items(matching query: String, top: Int = 10) async throws -> [ItemSummary] {
        let reply: ItemsReply = try await send("GET", "v1/items?query=\(FoldinClient.encoded(query))&top=\(top)")
        return reply.items
    }

    /// Items like `item`.
    public func similar(_ top: Int = 10, to item: String) async throws -> SimilarReply {
        try await send("GET", "v1/items/\(FoldinClient.encoded(item))/similar?top=\(top)")
    }

    /// Which items of `history` speak for each of `items`: all of them, or the `top` strongest.
    public func explanations(of items: [String], havingLiked history: [String], top: Int? = nil) async throws -> ExplanationReply
    {
        try await send("POST", "v1/explanations", ExplanationRequest(history: history, items: items, top: top))
    }

    /// Keeps events; when this returns they are on the service's disk.
    public func keep(_ events: [Event]) async throws {
        let _: EventsReply = try await send("POST", "v1/events", EventsRequest(events: events))
    }

    /// Removes all that the service keeps of a user; returns the number of events.
    @discardableResult
    public func delete(user: String) async throws -> Int {
        let reply: DeletionReply = try await send("DELETE", "v1/users/\(FoldinClient.encoded(user))")
        return reply.deleted
    }

    /// The models that are served.
    public func models() async throws -> [ModelState] {
        let reply: ModelsReply = try await send("GET", "v1/models")
        return reply.models
    }

    /// Has the service load its model files anew.
    @discardableResult
    public func reload() async throws -> [ModelState] {
        let reply: ModelsReply = try await send("POST", "v1/models:reload")
        return reply.models
    }

    /// Has the service go back to the model that it served before in `arm`, which it keeps in memory.
    @discardableResult
    public func rollBack(arm: String = "main") async throws -> [ModelState] {
        let reply: ModelsReply = try await send("POST", "v1/models:rollback?arm=\(FoldinClient.encoded(arm))")
        return reply.models
    }

    private func send<Reply: Decodable>(_ method: String, _ path: String, _ body: (some Encodable)? = String?.none) async throws
        -> Reply
    {
        guard let url = URL(string: base.absoluteString.trimmingCharacters(in: ["/"]) + "/" + path) else {
            throw URLError(.badURL)
        }
        var request = URLRequest(url: url)
        request.httpMethod = method
        if let key { request.setValue("Bearer \(key)", forHTTPHeaderField: "Authorization") }
        if let body {
            request.httpBody = try JSONEncoder().encode(body)
            request.setValue("application/json", forHTTPHeaderField: "Content-Type")
        }
        let (data, response) = try await session.data(for: request)
        guard let status = (response as? HTTPURLResponse)?.statusCode, (200..<300).contains(status) else {
            throw (try? JSONDecoder().decode(ProblemDocument.self, from: data)) ?? URLError(.badServerResponse)
        }
        return try JSONDecoder().decode(Reply.self, from: data)
    }

    /// `text` as one part of a path or a query.
    private static func encoded(_ text: String) -> String {
        let plain = CharacterSet(charactersIn: "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~")
        return text.addingPercentEncoding(withAllowedCharacters: plain) ?? ""
    }
}
