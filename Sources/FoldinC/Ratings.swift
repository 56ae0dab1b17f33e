// swift-format-ignore-file: AlwaysUseLowerCamelCase

#if compiler(>=6.3)
import CArrow
import CFoldin
import Foldin
import Synchronization

/// Ratings behind `foldin_ratings`.
final class OpenRatings: Sendable {
    private let state: Mutex<Ratings>

    init(_ ratings: Ratings) { state = Mutex(ratings) }

    var ratings: Ratings { state.withLock { $0 } }

    func setTitles(_ titles: Titles) { state.withLock { $0 = $0.titled(by: titles) } }
}

@c @implementation
public func foldin_ratings_from_arrow(
    _ stream: UnsafeMutablePointer<ArrowArrayStream>!, _ columns: UnsafePointer<foldin_columns>!,
    _ control: UnsafePointer<foldin_control>!,
    _ ratings: UnsafeMutablePointer<OpaquePointer?>!, _ error: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>!
) -> Int32 {
    status(error) {
        let stream = try given(stream, "a stream")
        let place = try given(ratings, "a place for the ratings")
        func name(_ text: UnsafePointer<CChar>?) -> String? { text.map { String(cString: $0) } }
        let names = columns.map {
            Ratings.TableColumns(
                user: name($0.pointee.user), item: name($0.pointee.item), rating: name($0.pointee.rating),
                time: name($0.pointee.time))
        }
        place.pointee = Handle.pointer(
            to: OpenRatings(
                try Ratings(
                    arrowStream: UnsafeMutableRawPointer(stream), columns: names ?? Ratings.TableColumns(),
                    workers: Control(control).workers)))
    }
}

@c @implementation
public func foldin_ratings_from_matrix(
    _ matrix: UnsafePointer<foldin_interactions>!, _ ratings: UnsafeMutablePointer<OpaquePointer?>!,
    _ error: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>!
) -> Int32 {
    status(error) {
        let place = try given(ratings, "a place for the ratings")
        let matrix = try InteractionMatrix(given(matrix, "a matrix").pointee, "the matrix")
        let rows = (0..<matrix.userCount).lazy.flatMap { row in
            matrix.row(row).lazy.map { Ratings.Row(user: String(row), item: String($0)) }
        }
        place.pointee = Handle.pointer(to: OpenRatings(try Ratings(rows: rows)))
    }
}

@c @implementation
public func foldin_ratings_set_titles(
    _ ratings: OpaquePointer!, _ ids: UnsafePointer<foldin_texts>!, _ titles: UnsafePointer<foldin_texts>!,
    _ error: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>!
) -> Int32 {
    status(error) {
        let ratings = try Handle<OpenRatings>.value(of: ratings, "ratings")
        let ids = try [String](given(ids, "ids").pointee, "ids")
        let titles = try [String](given(titles, "titles").pointee, "titles")
        guard ids.count == titles.count else {
            throw FoldinError(.badData, found: "\(titles.count) titles", expected: "\(ids.count), one for each id")
        }
        ratings.setTitles(Titles(Dictionary(zip(ids, titles)) { _, last in last }))
    }
}

@c @implementation
public func foldin_ratings_free(_ ratings: OpaquePointer!) { Handle<OpenRatings>.free(ratings) }

@c @implementation
public func foldin_dataset_prepare(
    _ ratings: OpaquePointer!, _ options: UnsafePointer<foldin_option>!, _ optionCount: Int64,
    _ dataset: UnsafeMutablePointer<OpaquePointer?>!, _ error: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>!
) -> Int32 {
    status(error) {
        let place = try given(dataset, "a place for the dataset")
        let preparation = try Preparation(optionTexts(options, optionCount))
        let ratings = try preparation.filtered(Handle<OpenRatings>.value(of: ratings, "ratings").ratings)
        place.pointee = Handle.pointer(to: OpenDataset(try ratings.split(preparation.division)))
    }
}

@c @implementation
public func foldin_dataset_write(
    _ ratings: OpaquePointer!, _ options: UnsafePointer<foldin_option>!, _ optionCount: Int64,
    _ directory: UnsafePointer<CChar>!, _ overwrite: Int32, _ error: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>!
) -> Int32 {
    status(error) {
        let path = String(cString: try given(directory, "a directory"))
        let preparation = try Preparation(optionTexts(options, optionCount))
        let ratings = try preparation.filtered(Handle<OpenRatings>.value(of: ratings, "ratings").ratings)
        _ = try ratings.write(preparation.division, to: path, overwriting: overwrite != 0)
    }
}

/// The options of a preparation, by the names of `foldin prepare`.
struct Preparation {
    private var ratingAbove: Double?
    private var repeats: Ratings.Repeats?
    private var minUserInteractions = 5
    private var minItemInteractions = 0
    private var split = "strong-generalization"
    private var heldOutUsers = UserShare.fraction(0.1)
    private var heldOutItems = 0.2
    private var validationItems = 0.1
    private var heldOutLatest = 0.1
    private var seed: UInt32 = 98_765

    init(_ options: [(name: String, value: String)]) throws {
        for (name, value) in options {
            func parsed<Value>(_ result: Value?, _ expected: String) throws -> Value {
                guard let result else { throw FoldinError(.usage, found: "\(name) \(value.quoted)", expected: expected) }
                return result
            }
            let number = Double(value).flatMap { $0.isFinite ? $0 : nil }
            let count = Int(value).flatMap { $0 >= 0 ? $0 : nil }
            switch name {
            case "rating-above": ratingAbove = try parsed(number, "a number")
            case "repeats":
                repeats = try parsed(
                    Ratings.Repeats(rawValue: value), "one of \(Ratings.Repeats.allCases.map(\.rawValue).joined(separator: ", "))"
                )
            case "min-user-interactions": minUserInteractions = try parsed(count, "0 or more")
            case "min-item-interactions": minItemInteractions = try parsed(count, "0 or more")
            case "split": split = value
            case "held-out-users":
                heldOutUsers = try parsed(
                    count.map { .count($0) } ?? number.map { .fraction($0) }, "a number of users or a fraction")
            case "held-out-items": heldOutItems = try parsed(number, "a fraction")
            case "validation-items": validationItems = try parsed(number, "a fraction")
            case "held-out-latest": heldOutLatest = try parsed(number, "a fraction")
            case "seed": seed = try parsed(UInt32(value), "a whole number from 0 to \(UInt32.max)")
            default: throw FoldinError(.usage, found: "the option \(name.quoted)", expected: "an option of foldin prepare")
            }
        }
        _ = try division
    }

    /// The ratings with the filters of the options.
    func filtered(_ ratings: Ratings) throws -> Ratings {
        var ratings = ratings
        if let repeats { ratings = try ratings.joiningRepeats(repeats) }
        if let ratingAbove { ratings = try ratings.rated(above: ratingAbove) }
        return ratings.keepingItems(withAtLeast: minItemInteractions).keepingUsers(withAtLeast: minUserInteractions)
    }

    var division: Split {
        get throws {
            switch split {
            case "strong-generalization":
                return .strongGeneralization(heldOutUsers: heldOutUsers, heldOutItems: heldOutItems, seed: seed)
            case "weak-generalization":
                return .weakGeneralization(heldOutItems: heldOutItems, validationItems: validationItems, seed: seed)
            case "leave-last-out": return .leaveLastOut
            case "temporal": return .temporal(heldOut: heldOutLatest)
            default:
                throw FoldinError(
                    .usage, found: "the split \(split.quoted)",
                    expected: "strong-generalization, weak-generalization, leave-last-out or temporal")
            }
        }
    }
}
#endif
