import FoldinInteractions
import FoldinSupport

extension TrainedModel {
    /// Checks that the model scores exactly the items of `dataset` in their order. Of a model without item ids only the number is compared.
    ///
    /// - Parameters:
    ///   - dataset: the data to evaluate the model on.
    ///   - file: the file of the model, for the error; nil if there is none.
    ///   - directory: what the error calls the dataset.
    /// - Throws: `FoldinError` of kind `badData` with the first difference.
    public func check(fits dataset: PreparedDataset, file: String? = nil, directory: String = "the dataset") throws {
        guard itemCount == dataset.items.count else {
            throw FoldinError(
                .badData, file: file, found: "a model of \(itemCount) items",
                expected: "one of the \(dataset.items.count) items of \(directory)")
        }
        guard let items, items != dataset.items else { return }
        let place = zip(items.ids, dataset.items.ids).enumerated().first { !$1.0.utf8.elementsEqual($1.1.utf8) }
        let difference = place.map { "item \($0.offset) is \"\($0.element.0)\" in the model and \"\($0.element.1)\" in the data" }
        throw FoldinError(
            .badData, file: file, found: difference ?? "other items",
            expected: "a model trained on \(directory), or on the same items in the same order")
    }
}
