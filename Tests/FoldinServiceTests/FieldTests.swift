#if Service
import FoldinClient
import FoldinInteractions
import FoldinTestSupport
import Foundation
import Testing

@testable import FoldinMessages
@testable import FoldinService

/// Unknown names in bodies and queries, and the formats of times.
@Suite("Service: fields") struct FieldTests {
    @Test("an unknown field is refused by name") func unknownFields() async throws {
        try await LiveService.configured({ configuration, folder in configuration.events = .sqlite(folder.path + "/events.sqlite")
        }).run {
            service in
            for (path, body, place) in [
                ("/v1/recommendations", #"{"history":[],"Top":1}"#, ".Top;"),
                ("/v1/recommendations:batch", #"{"requests":[],"x":1}"#, ".x; expected only requests"),
                (
                    "/v1/recommendations:batch", #"{"requests":[{"history":[]},{"history":[],"limit":1}]}"#,
                    ".requests[1].limit;"
                ),
                (
                    "/v1/explanations", #"{"history":["i1"],"items":["i2"],"item":"i3"}"#,
                    ".item; expected only history, items, top, user"
                ),
                ("/v1/events", #"{"events":[{"user":"u","item":"i1"}],"x":{}}"#, ".x; expected only events"),
                (
                    "/v1/events", #"{"events":[{"user":"u","item":"i1"},{"user":"u","item":"i1","stars":1}]}"#,
                    ".events[1].stars; expected only user, item, rating, time, timestamp"
                ),
            ] {
                let problem = try await service.send("POST", path, body).problem()
                #expect(problem.status == 400 && problem.detail.contains("unknown field at " + place), "\(body): \(problem)")
            }
            #expect(try await service.client.delete(user: "u") == 0)
        }
    }

    @Test("an unknown or repeated query parameter is refused by name") func unknownParameters() async throws {
        try await LiveService.configured({ configuration, folder in configuration.events = .sqlite(folder.path + "/events.sqlite")
        }).run {
            service in
            let user = "/v1/users/u/recommendations"
            for (method, path, expected) in [
                ("GET", "/v1/items?query=a&limit=3", "\"limit\"; expected only query, top"),
                ("GET", "/v1/items/i1/similar?offset=1", "\"offset\"; expected only top"),
                ("GET", user + "?topn=3", "\"topn\"; expected only top, offset, exclude, allow"),
                ("GET", "/v1/models?x", "\"x\"; expected none"), ("GET", "/metrics?x=1", "\"x\"; expected none"),
                ("GET", "/health/live?x=1", "\"x\"; expected none"), ("GET", "/health/ready?x=1", "\"x\"; expected none"),
                ("GET", "/?x=1", "\"x\"; expected none"), ("GET", "/openapi.json?x=1", "\"x\"; expected none"),
                ("POST", "/v1/recommendations?top=3", "\"top\"; expected none"),
                ("POST", "/v1/events?x=1", "\"x\"; expected none"),
                ("POST", "/v1/recommendations:batch?x=1", "\"x\""), ("POST", "/v1/explanations?x=1", "\"x\""),
                ("POST", "/v1/models:reload?x=1", "\"x\"; expected none"),
                ("DELETE", "/v1/users/u?x=1", "\"x\"; expected none"),
                ("GET", user + "?%FF=1", "cannot be decoded"), ("GET", user + "?=1", "\"\""),
                ("GET", user + "?a%1Bb=1", "\"a\\u{1B}b\""),
                ("GET", user + "?top=3&top=4", "\"top\" 2 times"),
            ] {
                let problem = try await service.send(method, path, method == "POST" ? "{}" : nil).problem()
                #expect(problem.status == 400 && problem.detail.contains(expected), "\(path): \(problem)")
            }
            for path in [user + "?", user + "?&top=3&", user + "?%74op=3"] {
                #expect(try await service.send("GET", path).status == 200, "\(path)")
            }
        }
    }

    @Test("openapi.json has exactly the fields and parameters that the service knows") func description() async throws {
        func names<Field: CodingKey & CaseIterable>(_ type: Field.Type) -> Set<String> { Set(Field.allCases.map(\.stringValue)) }
        try await LiveService.with { service in
            let document = try JSONSerialization.jsonObject(with: try await service.send("GET", "/openapi.json").body)
            func at(_ path: String...) -> Any? { path.reduce(document) { ($0 as? [String: Any])?[$1] } }
            for (name, fields) in [
                ("RecommendationRequest", names(RecommendationRequest.CodingKeys.self)),
                ("BatchRequest", names(BatchRequest.CodingKeys.self)),
                ("ExplanationRequest", names(ExplanationRequest.CodingKeys.self)),
                ("EventsRequest", names(EventsRequest.CodingKeys.self)),
                ("Event", names(Event.Field.self)),
            ] {
                let described = at("components", "schemas", name, "properties") as? [String: Any]
                #expect(described.map { Set($0.keys) } == fields, "\(name)")
                #expect(at("components", "schemas", name, "additionalProperties") as? Bool == false, "\(name)")
            }
            let paths = try #require(at("paths") as? [String: [String: [String: Any]]])
            for (path, operations) in paths {
                for (method, operation) in operations {
                    let parameters = operation["parameters"] as? [[String: Any]] ?? []
                    let known = parameters.filter { $0["in"] as? String == "query" }.compactMap { $0["name"] as? String }
                    let concrete = path.replacingOccurrences(of: "{id}", with: "i1")
                    let refusal = try await service.send(
                        method.uppercased(), concrete + "?unknown", method == "post" ? "{}" : nil
                    )
                    .problem()
                    #expect(
                        refusal.detail.hasSuffix(
                            known.isEmpty ? "expected none here" : "expected only " + known.joined(separator: ", ")),
                        "\(path): \(refusal)")
                    #expect((operation["responses"] as? [String: Any])?["400"] != nil, "\(path)")
                }
            }
        }
    }

    @Test("times are whole seconds or ISO 8601 under either name; others are refused with their place") func times() throws {
        func read(_ fields: String) throws(Reading.Failure) -> Int? {
            let body = #"{"events":[{"user":"u","item":"i"\#(fields)}]}"#
            return try Reading.message(EventsRequest.self, from: Data(body.utf8)).events[0].time
        }
        for (fields, time) in [
            ("", nil), (#","time":null"#, nil), (#","time":7"#, 7), (#","timestamp":7"#, 7),
            (#","time":1700000000.0"#, 1_700_000_000),
            (#","time":7,"timestamp":7"#, 7), (#","time":null,"timestamp":7"#, 7),
            (#","timestamp":"1970-01-01T00:00:07.9Z","time":7"#, 7),
            (#","time":"2024-05-01T12:00:00Z""#, 1_714_564_800),
        ] { #expect(try read(fields) == time, "\(fields)") }
        for (fields, found) in [
            (#","time":1700000000.5"#, "1700000000.5 at .events[0].time"),
            (#","timestamp":1e30"#, "1e+30 at .events[0].timestamp"),
            (#","time":1e999"#, "a number that does not fit at .events[0].time"),
            (#","time":true"#, "another type at .events[0].time"),
            (#","time":"soon""#, "\"soon\" at .events[0].time"), (#","time":"1700000000""#, "\"1700000000\" at .events[0].time"),
        ] {
            let error = #expect(throws: Reading.Failure.self, "\(fields)") { try read(fields) }
            #expect(
                error?.found == found && error?.expected.hasPrefix("whole seconds since 1970") == true,
                "\(String(describing: error))")
        }
        let error = #expect(throws: Reading.Failure.self) { try read(#","time":7,"timestamp":"1970-01-01T00:00:08Z""#) }
        #expect(error?.found == "8 at .events[0].timestamp and 7 at .events[0].time")
    }

    @Test("ISO 8601 is parsed as Foundation formats it") func iso8601() throws {
        for time in stride(from: -11_000_000_000, through: 250_000_000_000, by: 86_399_987) {
            let text = Date(timeIntervalSince1970: Double(time)).formatted(.iso8601)
            #expect(ISO8601.seconds(text) == time, "\(text)")
        }
        for (text, time) in [
            ("1970-01-01", 0), ("2024-02-29", 1_709_164_800), ("1970-01-01T00:01", 60), ("1970-01-01 00:00:01", 1),
            ("1970-01-01t00:00:01z", 1), ("1970-01-01T00:00:01.999999Z", 1), ("1970-01-01T00:00:01,5", 1),
            ("1970-01-01T02:00:00+02:00", 0),
            ("1970-01-01T02:00:00+02", 0), ("1969-12-31T18:30:00-0530", 0), ("1972-06-30T23:59:60Z", 78_796_800),
        ] { #expect(ISO8601.seconds(text) == time, "\(text)") }
        for text in [
            "", "1970", "1970-1-1", "1970-13-01", "1970-00-01", "1970-02-29", "2023-02-30", "1970-01-01T", "1970-01-01T24:00",
            "1970-01-01T00:60",
            "1970-01-01T00:00:61", "1970-01-01T00:00:00.", "1970-01-01T00:00:00ZZ", "1970-01-01T00:00:00+", "1970-01-01Z",
            " 1970-01-01",
            "１970-01-01", "1970-01-01T00:00:00+2:00", "1970-01-01T00:00:00+24:00",
        ] { #expect(ISO8601.seconds(text) == nil, "\(text)") }
    }

    @Test("a time in milliseconds is refused as such") func milliseconds() async throws {
        try await LiveService.configured({ configuration, folder in configuration.events = .sqlite(folder.path + "/events.sqlite")
        }).run {
            service in
            let event = Event(user: "u", item: "i1", rating: 2, time: 1_700_000_000_000)
            let problem = await #expect(throws: ProblemDocument.self) { try await service.client.keep([event]) }
            #expect(
                problem?.detail.contains("1700000000000, which looks like milliseconds, of event 0") == true,
                "\(String(describing: problem))")
            let odd = await #expect(throws: ProblemDocument.self) {
                try await service.client.keep([Event(user: "u", item: "i1", time: -1)])
            }
            #expect(odd?.detail.contains("milliseconds") == false)
        }
    }
}
#endif
