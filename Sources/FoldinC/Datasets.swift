// swift-format-ignore-file: AlwaysUseLowerCamelCase
#if compiler(>=6.3)
import CFoldin
import Foldin

@c @implementation
public func foldin_dataset_open(
    _ directory: UnsafePointer<CChar>!, _ dataset: UnsafeMutablePointer<OpaquePointer?>!,
    _ error: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>!
) -> Int32 {
    status(error) {
        let path = String(cString: try given(directory, "a directory"))
        let place = try given(dataset, "a place for the dataset")
        place.pointee = Handle.pointer(to: try PreparedDataset(contentsOf: path))
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
        let train = try InteractionMatrix(given(train, "a training matrix").pointee, "the training matrix")
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
            to: PreparedDataset(
                train: train, validation: validation, test: test, items: try Vocabulary(items, count: train.itemCount),
                users: Vocabulary([]), titles: names.map { $0.isEmpty ? nil : $0 }))
    }
}

@c @implementation
public func foldin_dataset_free(_ dataset: OpaquePointer!) { Handle<PreparedDataset>.free(dataset) }

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
