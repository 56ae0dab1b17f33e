import FoldinInteractions
import FoldinKernels
import FoldinSupport
import Foundation

extension ChebyshevFilter: Model {
    public static let families = ["chebycf"]

    /// What the file says of the model.
    public struct Description: Codable, Sendable, Equatable {
        /// The name of the family.
        public let family: String
        /// The number of items.
        public let items: Int
        /// The number of training users, whose clicks the file holds.
        public let users: Int
        /// The number of those clicks.
        public let entries: Int
        /// The number of directions.
        public let width: Int
        /// The coefficients of the polynomial, from degree 0.
        public let coefficients: [Double]
        /// The weight of the projection on the directions.
        public let projectionWeight: Double
        /// The power of an item's clicks.
        public let popularityPower: Double
    }

    private enum Name {
        static let counts = "chebyshev_filter.counts"
        static let items = "chebyshev_filter.items"
        static let directions = "chebyshev_filter.directions"
    }

    /// The greatest degree of a polynomial, and the greatest power.
    package static let (degreeMaximum, powerMaximum) = (1000, 16.0)

    public var family: String { Self.families[0] }

    public var summary: String {
        "\(family), degree \(coefficients.count - 1), \(width) directions of \(itemCount) items, histories of \(clicks.userCount) users"
    }

    public var architecture: Description {
        Description(
            family: family, items: itemCount, users: clicks.userCount, entries: clicks.count, width: width,
            coefficients: coefficients, projectionWeight: projectionWeight, popularityPower: popularityPower)
    }

    public var tensors: [ModelTensor] {
        let descriptions = Self.descriptions(architecture)
        let counts = (0..<clicks.userCount).map { Int32(clicks.row($0).count) }
        return [
            ModelTensor(descriptions[0], counts), ModelTensor(descriptions[1], clicks.columns),
            ModelTensor(descriptions[2], directions),
        ]
    }

    private static func descriptions(_ description: Description) -> [TensorDescription] {
        [
            TensorDescription(name: Name.counts, shape: [description.users], type: .int32),
            TensorDescription(name: Name.items, shape: [description.entries], type: .int32),
            TensorDescription(name: Name.directions, shape: [description.items, description.width]),
        ]
    }

    /// What the history of the item alone gives.
    public func similarities(to item: Int, workers: Workers) -> [Float]? {
        var scores = [Float](repeating: 0, count: itemCount)
        score(InteractionMatrix(rows: [[item]], itemCount: itemCount), rows: 0..<1, into: &scores, workers: workers)
        return scores
    }

    /// No eigenvalue of T is beyond -1 or 1, so no term of the polynomial is longer than s, of at most `items` elements up to 1 or n^-beta.
    public func scoreBound(workers: Workers) -> Double {
        let most = Double(max(1, clicks.userCount))
        let power = pow(most, popularityPower.magnitude)
        let length = Double(itemCount).squareRoot() * power
        let polynomial = length * coefficients.reduce(0) { $0 + $1.magnitude } * most.squareRoot()
        let largest = width > 0 ? directions.largestMagnitude(workers: workers) : 0
        let coordinate = ScoreBound.checked(projectionWeight.magnitude * power * Double(itemCount) * largest)
        let projection = ScoreBound.checked(coordinate * Double(width) * largest)
        return ScoreBound.checked(power * (polynomial + projection))
    }

    public init(from file: ModelFile) throws {
        let description = try file.metadata("architecture", as: Description.self)
        func bad(_ found: String, _ expected: String) -> FoldinError {
            FoldinError(.badData, file: file.path, found: found, expected: expected)
        }
        for (name, size, least) in [
            ("items", description.items, 1), ("users", description.users, 0), ("entries", description.entries, 0),
            ("directions", description.width, 0),
        ] where !(least...1 << 30).contains(size) {
            throw bad("\(size) \(name)", "\(least) to \(1 << 30)")
        }
        guard (1...Self.degreeMaximum + 1).contains(description.coefficients.count),
            description.coefficients.allSatisfy({ $0.magnitude <= 1e6 }), description.projectionWeight.magnitude <= 1e6,
            description.popularityPower.magnitude <= Self.powerMaximum
        else {
            throw bad("a filter that cannot be", "1 to \(Self.degreeMaximum + 1) coefficients, a weight and a power, all finite")
        }
        try file.check(Self.descriptions(description), of: description.family)
        let counts = try file.integers(Name.counts, shape: [description.users])
        let items = try file.integers(Name.items, shape: [description.entries])
        var starts = [0]
        starts.reserveCapacity(description.users + 1)
        for count in counts {
            let start = starts[starts.count - 1]
            guard count >= 0, Int(count) <= description.entries - start else {
                throw bad("a user with \(count) clicks", "\(description.entries) clicks of all users together")
            }
            let end = start + Int(count)
            for index in start..<end
            where items[index] < 0 || Int(items[index]) >= description.items
                || (index > start && items[index] <= items[index - 1])
            {
                throw bad("the item \(items[index])", "each user's items, ascending, below \(description.items)")
            }
            starts.append(end)
        }
        guard starts[starts.count - 1] == description.entries else {
            throw bad("\(starts[starts.count - 1]) clicks of all users", "\(description.entries)")
        }
        self.init(
            clicks: InteractionMatrix(rowStarts: starts, columns: items, itemCount: description.items),
            coefficients: description.coefficients,
            directions: try file.floats(Name.directions, shape: [description.items, description.width]), width: description.width,
            projectionWeight: description.projectionWeight, popularityPower: description.popularityPower)
    }
}
