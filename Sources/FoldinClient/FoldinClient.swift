@_exported import FoldinMessages
import Foundation

#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

/// A client of a Foldin service.
///
/// <!-- given: import Foundation -->
/// ```swift
/// let client = FoldinClient(URL(string: "http://127.0.0.1:8080")!)
/// let reply = try await client.recommendations(10, havingLiked: ["1", "2", "3"])
/// for item in reply.items { print(item.title ?? item.item, item.score) }
/// ```
///
/// Every method sends one request. It throws `ProblemDocument` when the service refuses the request, `URLError` when the service cannot be
/// reached, and `DecodingError` for a reply of another form.
public struct FoldinClient: Sendable {
    private let base: URL
    private let key: String?
    private let session: URLSession

    /// A client of the service at `base`, such as `http://127.0.0.1:8080`.
    ///
    /// - Parameters:
    ///   - base: the address of the service, with its path if it is behind a proxy.
    ///   - key: an API key, if the service requires one. Blanks and newlines around it are ignored.
    ///   - session: sends the requests.
    public init(_ base: URL, key: String? = nil, session: URLSession = .shared) {
        self.base = base
        // A key that was read from a file ends with a newline.
        self.key = key?.trimmingCharacters(in: .whitespacesAndNewlines)
        self.session = session
    }

    /// The `top` best items for a user who liked `history`. If the model knows none of these ids, popular items, whose reply has the kind
    /// `popular`.
    public func recommendations(
        _ top: Int = 10, havingLiked history: [String], excluding excluded: [String] = []
    ) async throws -> RecommendationReply {
        try await recommendations(RecommendationRequest(history: history, top: top, exclude: excluded))
    }

    /// The reply to a request for recommendations, with all its options.
    public func recommendations(_ request: RecommendationRequest) async throws -> RecommendationReply {
        try await send("POST", "v1/recommendations", request)
    }

    /// Replies to at most 256 requests, in their order. The service scores them together.
    public func recommendations(_ requests: [RecommendationRequest]) async throws -> [RecommendationReply] {
        let reply: BatchReply = try await send("POST", "v1/recommendations:batch", BatchRequest(requests: requests))
        return reply.replies
    }

    /// The `top` best items, after the first `offset`, for a user with stored events.
    ///
    /// The lists are part of the URL. For long lists, send a `RecommendationRequest` with the user and an empty history instead.
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

    /// At most `top` items whose titles contain all words of `query`, the best match first.
    public func items(matching query: String, top: Int = 10) async throws -> [ItemSummary] {
        let reply: ItemsReply = try await send("GET", "v1/items?query=\(FoldinClient.encoded(query))&top=\(top)")
        return reply.items
    }

    /// The `top` items that are most similar to `item`, by the cosine of their vectors.
    public func similar(_ top: Int = 10, to item: String) async throws -> SimilarReply {
        try await send("GET", "v1/items/\(FoldinClient.encoded(item))/similar?top=\(top)")
    }

    /// What each item of `history` adds to the scores of `items`: all reasons, or the `top` strongest for each item.
    public func explanations(of items: [String], havingLiked history: [String], top: Int? = nil) async throws -> ExplanationReply
    {
        try await send("POST", "v1/explanations", ExplanationRequest(history: history, items: items, top: top))
    }

    /// Stores 1 to 1,000 events, all or none. When it returns, they are on the disk of the service.
    public func keep(_ events: [Event]) async throws {
        let _: EventsReply = try await send("POST", "v1/events", EventsRequest(events: events))
    }

    /// Removes all stored events of a user. Returns how many there were.
    @discardableResult
    public func delete(user: String) async throws -> Int {
        let reply: DeletionReply = try await send("DELETE", "v1/users/\(FoldinClient.encoded(user))")
        return reply.deleted
    }

    /// The served models.
    public func models() async throws -> [ModelState] {
        let reply: ModelsReply = try await send("GET", "v1/models")
        return reply.models
    }

    /// Makes the service load its model files again. Returns the models that it serves then. Needs a key with the scope `admin`.
    ///
    /// Throws `ProblemDocument` with status 409 if a file is refused; the old model stays in service.
    @discardableResult
    public func reload() async throws -> [ModelState] {
        let reply: ModelsReply = try await send("POST", "v1/models:reload")
        return reply.models
    }

    /// Makes the service serve the previous model of `arm` again. Needs a key with the scope `admin`.
    ///
    /// Throws `ProblemDocument` with status 409 if no previous model is in memory.
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

    /// `text`, percent-encoded as one part of a path or a query.
    private static func encoded(_ text: String) -> String {
        let plain = CharacterSet(charactersIn: "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~")
        return text.addingPercentEncoding(withAllowedCharacters: plain) ?? ""
    }
}
