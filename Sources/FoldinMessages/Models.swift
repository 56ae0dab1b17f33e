/// The state of a served model, from `GET /v1/models`.
public struct ModelState: Codable, Sendable, Equatable {
    /// `main`, or `candidate` for the second of two models.
    public var arm: String
    /// The first 12 hexadecimal digits of the SHA-256 of the model file.
    public var version: String
    /// The number of the model among those that this arm has loaded since the service began: 1 for the first.
    public var number: Int
    /// The number of the model that a rollback would serve; nil when none is kept.
    public var previous: Int?
    /// The file's name, without its folder.
    public var file: String
    /// The size of the file, in bytes.
    public var bytes: Int
    /// The share of users that it serves, 0 to 1.
    public var share: Double
    /// The number of items that it knows.
    public var items: Int
    /// A summary of the network, the family and its widths, such as `I-600-200-600-I`.
    public var architecture: String
    /// Training options.
    public var options: [String: String]
    /// Metrics of the best epoch.
    public var metrics: [String: Double]
    /// The SHA-256 of the training data; empty if it is not known.
    public var data: String
    /// When the file was last written and when it was loaded, in ISO 8601, UTC.
    public var modified, loaded: String
    /// Why the last attempt to load a newer file failed; nil if it did not.
    public var failure: String?

    /// A state with these values.
    public init(
        arm: String, version: String, number: Int, previous: Int?, file: String, bytes: Int, share: Double, items: Int,
        architecture: String, options: [String: String], metrics: [String: Double], data: String, modified: String,
        loaded: String, failure: String?
    ) {
        self.arm = arm
        self.version = version
        self.number = number
        self.previous = previous
        self.file = file
        self.bytes = bytes
        self.share = share
        self.items = items
        self.architecture = architecture
        self.options = options
        self.metrics = metrics
        self.data = data
        self.modified = modified
        self.loaded = loaded
        self.failure = failure
    }
}

/// The reply to `GET /v1/models`, `POST /v1/models:reload` and `POST /v1/models:rollback`.
public struct ModelsReply: Codable, Sendable, Equatable {
    /// The served models: `main`, and `candidate` if there is one.
    public var models: [ModelState]

    /// A reply with these models.
    public init(models: [ModelState]) { self.models = models }
}

/// A problem document of RFC 9457 (`application/problem+json`): why the service refused a request.
public struct ProblemDocument: Codable, Sendable, Equatable, Error {
    /// `urn:foldin:problem:` and the name of the kind of problem, for programs.
    public var type: String
    /// The kind of problem, as a sentence.
    public var title: String
    /// The HTTP status.
    public var status: Int
    /// What was found and what was expected.
    public var detail: String
    /// The id of the request, which the log of the service has, too.
    public var requestId: String?

    /// A document with these values.
    public init(type: String, title: String, status: Int, detail: String, requestId: String?) {
        self.type = type
        self.title = title
        self.status = status
        self.detail = detail
        self.requestId = requestId
    }

    enum CodingKeys: String, CodingKey {
        case type, title, status, detail
        case requestId = "request_id"
    }
}
