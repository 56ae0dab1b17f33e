/// A model that is served.
public struct ModelState: Codable, Sendable, Equatable {
    public var arm: String
    public var version: String
    /// Counts the models that this arm loaded since the service began: 1, 2, 3 and so on.
    public var number: Int
    /// The number of the model that a rollback would serve; nil when none is kept.
    public var previous: Int?
    /// The file's name, without its folder.
    public var file: String
    /// The share of people it answers, 0 to 1.
    public var share: Double
    public var items: Int
    /// The network in short, such as `mult-vae I-600-200-600-I`.
    public var architecture: String
    /// Training options.
    public var options: [String: String]
    /// Metrics of the kept epoch.
    public var metrics: [String: Double]
    /// SHA-256 of the training data; empty when not known.
    public var data: String
    /// When the file was last written and when it was loaded, ISO 8601 in UTC.
    public var modified, loaded: String
    /// Why the last attempt to load a newer file failed; nil when it did not.
    public var failure: String?

    public init(
        arm: String, version: String, number: Int, previous: Int?, file: String, share: Double, items: Int, architecture: String,
        options: [String: String],
        metrics: [String: Double], data: String, modified: String, loaded: String, failure: String?
    ) {
        self.arm = arm
        self.version = version
        self.number = number
        self.previous = previous
        self.file = file
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

/// What `GET /v1/models` and `POST /v1/models:reload` answer.
public struct ModelsReply: Codable, Sendable, Equatable {
    public var models: [ModelState]

    public init(models: [ModelState]) { self.models = models }
}

/// An error as RFC 9457 has it (`application/problem+json`).
public struct ProblemDocument: Codable, Sendable, Equatable, Error {
    /// `urn:foldin:problem:` and a word that a program can tell problems apart by.
    public var type: String
    public var title: String
    public var status: Int
    /// What was found and what was expected.
    public var detail: String
    /// The request's id, which the server's log has too.
    public var requestId: String?

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
