// swift-format-ignore-file: AlwaysUseLowerCamelCase

#if compiler(>=6.3)
import CFoldin
import Foldin
import Synchronization

/// A dataset behind `foldin_dataset`, with its ids as texts of C.
final class OpenDataset: Sendable {
    let dataset: PreparedDataset
    private let texts = Mutex<[String: Texts]>([:])

    init(_ dataset: PreparedDataset) { self.dataset = dataset }

    /// The users of a part, and its clicks.
    func part(_ part: Int32) throws -> (users: [Int], clicks: InteractionMatrix) {
        func users(_ heldOut: HeldOutUsers) -> [Int] { heldOut.userIndices.map { Int($0) } }
        switch part {
        case Int32(FOLDIN_TRAIN): return (Array(0..<dataset.train.userCount), dataset.train)
        case Int32(FOLDIN_VALIDATION_KNOWN): return (users(dataset.validation), dataset.validation.foldIn)
        case Int32(FOLDIN_VALIDATION_HELD_OUT): return (users(dataset.validation), dataset.validation.heldOut)
        case Int32(FOLDIN_TEST_KNOWN): return (users(dataset.test), dataset.test.foldIn)
        case Int32(FOLDIN_TEST_HELD_OUT): return (users(dataset.test), dataset.test.heldOut)
        default: throw FoldinError(.usage, found: "the part \(part)", expected: "FOLDIN_TRAIN to FOLDIN_TEST_HELD_OUT")
        }
    }

    /// Ids as texts that live as long as this object; made at the first call for `name`.
    func texts(_ name: String, _ ids: () throws -> [String]) rethrows -> foldin_texts {
        try texts.withLock { texts in
            let made = try texts[name] ?? Texts(ids())
            texts[name] = made
            return made.texts
        }
    }
}

@c @implementation
public func foldin_dataset_open(
    _ directory: UnsafePointer<CChar>!, _ dataset: UnsafeMutablePointer<OpaquePointer?>!,
    _ error: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>!
) -> Int32 {
    status(error) {
        let path = String(cString: try given(directory, "a directory"))
        let place = try given(dataset, "a place for the dataset")
        place.pointee = Handle.pointer(to: OpenDataset(try PreparedDataset(contentsOf: path)))
    }
}

@c @implementation
public func foldin_dataset_create(
    _ train: UnsafePointer<foldin_interactions>!, _ validationKnown: UnsafePointer<foldin_interactions>!,
    _ validationHeldOut: UnsafePointer<foldin_interactions>!, _ testKnown: UnsafePointer<foldin_interactions>!,
    _ testHeldOut: UnsafePointer<foldin_interactions>!, _ items: UnsafePointer<foldin_texts>!,
    _ titles: UnsafePointer<foldin_texts>!, _ dataset: UnsafeMutablePointer<OpaquePointer?>!,
    _ error: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>!
) -> Int32 {
    status(error) {
        let place = try given(dataset, "a place for the dataset")
        let train = try InteractionMatrix(given(train, "a training matrix").pointee, "the training matrix").withoutEmptyRows
        func heldOut(
            _ known: UnsafePointer<foldin_interactions>?, _ heldOut: UnsafePointer<foldin_interactions>?, _ name: String,
            from first: Int
        ) throws -> HeldOutUsers {
            if known == nil, heldOut == nil {
                let none = InteractionMatrix(rowStarts: [0], columns: [], itemCount: train.itemCount)
                return HeldOutUsers(userIndices: [], foldIn: none, heldOut: none)
            }
            return try HeldOutUsers(
                known: given(known, "the known items of \(name) users").pointee,
                heldOut: given(heldOut, "the held-out items of \(name) users").pointee, name, items: train.itemCount, from: first)
        }
        let validation = try heldOut(validationKnown, validationHeldOut, "validation", from: train.userCount)
        let test = try heldOut(testKnown, testHeldOut, "test", from: train.userCount + validation.count)
        let names = try titles.map { try [String]($0.pointee, "titles") } ?? []
        guard names.isEmpty || names.count == train.itemCount else {
            throw FoldinError(.badData, found: "\(names.count) titles", expected: "\(train.itemCount), one for each column")
        }
        // Users have no ids: nothing that is made of this dataset has them.
        place.pointee = Handle.pointer(
            to: OpenDataset(
                PreparedDataset(
                    train: train, validation: validation, test: test, items: try Vocabulary(items, count: train.itemCount),
                    users: Vocabulary([]), titles: names.map { $0.isEmpty ? nil : $0 })))
    }
}

@c @implementation
public func foldin_dataset_free(_ dataset: OpaquePointer!) { Handle<OpenDataset>.free(dataset) }

/// How a dataset was prepared, for `foldin_dataset_describe`.
private struct DatasetDescription: Encodable {
    let options: [String: String]
    let counts: [String: Int]
}

@c @implementation
public func foldin_dataset_describe(
    _ dataset: OpaquePointer!, _ json: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>!,
    _ error: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>!
) -> Int32 {
    status(error) {
        let record = try Handle<OpenDataset>.value(of: dataset, "a dataset").dataset.preparation
        let place = try given(json, "a place for the document")
        place.pointee = try FoldinC.json(DatasetDescription(options: record?.options ?? [:], counts: record?.counts ?? [:]))
    }
}

@c @implementation
public func foldin_dataset_size(
    _ dataset: OpaquePointer!, _ part: Int32, _ rows: UnsafeMutablePointer<Int64>!, _ columns: UnsafeMutablePointer<Int64>!,
    _ clicks: UnsafeMutablePointer<Int64>!, _ error: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>!
) -> Int32 {
    status(error) {
        let matrix = try Handle<OpenDataset>.value(of: dataset, "a dataset").part(part).clicks
        try given(rows, "a place for the rows").pointee = Int64(matrix.userCount)
        try given(columns, "a place for the columns").pointee = Int64(matrix.itemCount)
        try given(clicks, "a place for the clicks").pointee = Int64(matrix.count)
    }
}

@c @implementation
public func foldin_dataset_clicks(
    _ dataset: OpaquePointer!, _ part: Int32, _ starts: UnsafeMutablePointer<Int64>!, _ indices: UnsafeMutablePointer<Int32>!,
    _ error: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>!
) -> Int32 {
    status(error) {
        let matrix = try Handle<OpenDataset>.value(of: dataset, "a dataset").part(part).clicks
        let starts = try given(starts, "a place for the starts")
        let indices = try given(indices, "a place for the indices")
        var end = 0
        starts[0] = 0
        for user in 0..<matrix.userCount {
            for item in matrix.row(user) {
                indices[end] = item
                end += 1
            }
            starts[user + 1] = Int64(end)
        }
    }
}

@c @implementation
public func foldin_dataset_users(
    _ dataset: OpaquePointer!, _ part: Int32, _ ids: UnsafeMutablePointer<foldin_texts>!,
    _ error: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>!
) -> Int32 {
    status(error) {
        let dataset = try Handle<OpenDataset>.value(of: dataset, "a dataset")
        let users = try dataset.part(part).users
        let all = dataset.dataset.users
        try given(ids, "a place for the ids").pointee =
            dataset.texts("users \(part)") { all.count == 0 ? [] : users.map { all[$0] } }
    }
}

@c @implementation
public func foldin_dataset_items(
    _ dataset: OpaquePointer!, _ ids: UnsafeMutablePointer<foldin_texts>!,
    _ error: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>!
) -> Int32 {
    status(error) {
        let dataset = try Handle<OpenDataset>.value(of: dataset, "a dataset")
        try given(ids, "a place for the ids").pointee = dataset.texts("items") { dataset.dataset.items.ids }
    }
}

extension InteractionMatrix {
    /// The rows with a click: a row without one would count as a user in batches and means.
    fileprivate var withoutEmptyRows: InteractionMatrix {
        let starts = rowStarts.indices.filter { $0 == 0 || rowStarts[$0] > rowStarts[$0 - 1] }.map { rowStarts[$0] }
        return starts.count == rowStarts.count
            ? self : InteractionMatrix(rowStarts: starts, columns: columns, itemCount: itemCount)
    }
}

extension HeldOutUsers {
    /// Users of two matrices with the same rows, numbered from `first` on.
    init(known: foldin_interactions, heldOut: foldin_interactions, _ name: String, items: Int, from first: Int = 0) throws {
        let foldIn = try InteractionMatrix(known, "the known items of \(name) users", columns: items)
        let others = try InteractionMatrix(heldOut, "the held-out items of \(name) users", columns: items)
        guard foldIn.userCount == others.userCount else {
            throw FoldinError(
                .badData, found: "\(foldIn.userCount) rows of known and \(others.userCount) of held-out items of \(name) users",
                expected: "as many rows")
        }
        guard first + foldIn.userCount <= Int(Int32.max) else {
            throw FoldinError(.badData, found: "\(first + foldIn.userCount) users", expected: "at most \(Int32.max)")
        }
        self.init(userIndices: (0..<foldIn.userCount).map { Int32(first + $0) }, foldIn: foldIn, heldOut: others)
    }
}
#endif
