#if Service
import HTTPTypes
import NIOHTTP1
import NIOHTTPTypesHTTP1

/// The validated head of an HTTP/1 request (RFC 9112), and what it says about its connection.
struct RequestHead {
    let request: HTTPRequest
    /// Whether the connection may serve another request after this one.
    let persists: Bool
    /// Whether the reply must say that the connection persists, because an HTTP/1.0 client expects the opposite.
    let saysKeepAlive: Bool
    /// Whether a body follows.
    let hasBody: Bool
    /// The length of the body, if the request has it.
    let bodyLength: Int?
    /// What the client expects before it sends its body; only `100-continue` is supported.
    let expectations: [String]

    /// Whether there is no body, and no expectation that is not supported.
    var isPlain: Bool { !hasBody && expectations.allSatisfy { $0 == RequestHead.supportedExpectation } }

    /// The one expectation that is supported.
    static let supportedExpectation = "100-continue"

    /// Validates the head of a request.
    ///
    /// - Throws: `Problem` for a head that servers must refuse by RFC 9112.
    init(_ head: HTTPRequestHead) throws(Problem) {
        guard let method = try? HTTPRequest.Method(head.method) else {
            throw Problem.malformed(found: "a method that is not a token", expected: "GET, POST or another method")
        }
        let hosts = head.headers["Host"]
        let isOld = head.version.minor == 0
        guard hosts.count <= 1 else {
            throw Problem.malformed(found: "\(hosts.count) Host headers", expected: "one")
        }
        guard isOld || !hosts.isEmpty else { throw Problem.malformed(found: "no Host header", expected: "one") }
        var (authority, path) = (hosts.first, head.uri)
        if !path.hasPrefix("/"), let scheme = path.range(of: "://") {
            // In the absolute form, the host of the target counts instead of the Host header.
            let rest = path[scheme.upperBound...]
            let end = rest.firstIndex { "/?#".contains($0) } ?? rest.endIndex
            authority = String(rest[..<end])
            path = rest[end...].hasPrefix("/") ? String(rest[end...]) : "/" + rest[end...]
        }
        for host in hosts + [authority].compactMap(\.self) where !RequestHead.isHost(host) {
            throw Problem.malformed(found: "a malformed Host", expected: "a name or an address, and perhaps a port")
        }
        var fields = HTTPFields()
        fields.reserveCapacity(head.headers.count)
        var (closes, keeps, upgrades) = (false, false, method == .connect)
        var expectations: [String] = []
        for (name, value) in head.headers {
            guard let name = HTTPField.Name(name) else {
                throw Problem.malformed(found: "a header whose name is not a token", expected: "names of headers")
            }
            if name.canonicalName == "host" { continue }
            switch name {
            case .connection:
                let tokens = RequestHead.members(of: value)
                if tokens.contains("close") { closes = true }
                if tokens.contains("keep-alive") { keeps = true }
                if tokens.contains("upgrade") { upgrades = true }
            case .expect:
                // HTTP/1.0 has no expectations: they are ignored.
                if isOld { continue }
                expectations += RequestHead.members(of: value)
            default: break
            }
            fields.append(HTTPField(name: name, value: value))
        }
        request = HTTPRequest(method: method, scheme: "http", authority: authority, path: path, headerFields: fields)
        // After a request that may change the protocol, the parser reads no further.
        persists = !closes && !upgrades && (!isOld || keeps)
        saysKeepAlive = isOld && keeps
        bodyLength = fields[.contentLength].flatMap { Int($0) }
        hasBody = fields[.transferEncoding] != nil || bodyLength ?? 1 > 0 && fields[.contentLength] != nil
        self.expectations = expectations
    }

    /// The members of a list in the value of a header, in lower case.
    private static func members(of value: String) -> [String] {
        value.lowercased().split(separator: ",").map { $0.trimmingPrefix { $0.isWhitespace } }
            .map { member in String(member.reversed().drop { $0.isWhitespace }.reversed()) }.filter { !$0.isEmpty }
    }

    /// Whether `text` is empty or can be a host with or without a port: no user, no path, no blanks.
    private static func isHost(_ text: String) -> Bool {
        text.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"):
                true
            default: "-._~!$&'()*+,;=:[]%".utf8.contains(byte)
            }
        }
    }
}
#endif
