#if Service
import FoldinInteractions
import FoldinKernels
import FoldinMessages
import Foundation
import Logging
import NIOCore

/// The replies of the service without a connection, for fuzzing.
@_spi(Fuzzing) public final class OfflineAnswers: Sendable {
    /// The kinds of request, each with its body.
    public enum Route: Int, CaseIterable, Sendable {
        /// JSON, as in HTTP requests.
        case recommend, batch, explain, events
        /// The text of a query, an item's id, and a user's.
        case items, similar, delete
        /// No body.
        case models
    }

    private let answers: Answers

    /// Serves the model file `model` with the SQLite database `events`, if there is one. Blocks.
    ///
    /// - Throws: `FoldinError` if the model or the database cannot be used.
    public init(model: String, events: String?) throws {
        let (workers, metrics) = (Workers(count: 1), PrometheusRegistry())
        let logger = Logger(label: "offline") { _ in SwiftLogNoOpLogHandler() }
        let main = try ModelStore(arm: "main", path: model, workers: workers, logger: logger, metrics: metrics)
        var limits = ScoringQueue.Limits()
        limits.delay = .zero
        answers = Answers(
            arms: ModelArms(main: main, candidate: nil),
            queue: ScoringQueue(limits: limits, workers: workers, metrics: metrics),
            events: StoredEvents(
                store: try events.map { try SQLiteEventStore(path: $0) }, likedAbove: nil, limits: ServiceConfiguration.Limits(),
                logger: logger),
            limits: ServiceConfiguration.Limits(), metrics: metrics)
    }

    /// The status and the body of the reply; status 500 for an error that no request should cause.
    public func reply(to route: Route, _ body: [UInt8], top: Int = 10) async -> (status: Int, body: [UInt8]) {
        do { return (200, try await document(route, body, top)) } catch let problem as Problem {
            return (problem.status.code, Array(buffer: problem.document(requestId: "offline")))
        } catch {
            return (500, Array("\(error)".utf8))
        }
    }

    private func document(_ route: Route, _ body: [UInt8], _ top: Int) async throws -> [UInt8] {
        let buffer = ByteBuffer(bytes: body)
        switch route {
        case .recommend:
            var bytes: [UInt8] = []
            try await answers.recommend(JSON.decode(RecommendationRequest.self, from: buffer)).append(to: &bytes)
            return bytes
        case .batch: return try await answers.batch(JSON.decode(BatchRequest.self, from: buffer).requests)
        case .explain: return try await answers.explain(JSON.decode(ExplanationRequest.self, from: buffer))
        case .events:
            let reply = try await answers.events.keep(JSON.decode(EventsRequest.self, from: buffer))
            return Array(buffer: try JSON.buffer(reply))
        case .items:
            let reply = try await answers.items(matching: String(decoding: body, as: UTF8.self), count: top)
            return Array(buffer: try JSON.buffer(reply))
        case .similar: return try await answers.similar(to: String(decoding: body, as: UTF8.self), count: top)
        case .delete:
            let user = EventRules.trimmed(String(decoding: body, as: UTF8.self))
            return Array(buffer: try JSON.buffer(try await answers.events.delete { user }))
        case .models: return Array(buffer: try JSON.buffer(ModelsReply(models: answers.arms.states)))
        }
    }
}
#endif
