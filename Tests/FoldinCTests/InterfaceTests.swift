#if compiler(>=6.3)
import CFoldin
import Foldin
@testable import FoldinC
import FoldinTestSupport
import Foundation
import Testing

/// The functions of `foldin.h`, as a C program calls them.
@Suite("C interface") struct InterfaceTests {
    @Test(
        "a model trained, saved and read by C has the same bytes and the same lists as one of Swift",
        arguments: ["mult-vae", "ease"])
    func agreesWithSwift(family: String) throws {
        let dataset = PreparedDataset.twoGroups()
        let folder = try TemporaryFolder()
        let model = try CModel.trained(on: dataset, options(family))
        #expect(model.status == FOLDIN_OK, "\(model.error)")
        let path = folder.path + "/c.safetensors"
        #expect(foldin_model_save(model.pointer, path, nil) == FOLDIN_OK)

        var expected: TrainedModel
        let evaluator = Evaluator()
        if let closedForm = ClosedFormFamily(named: family) {
            expected = try BaselinePlan(closedForm).baseline.train(on: dataset)
            expected.card.add(try evaluator.evaluate(expected, on: dataset.validation, training: dataset.train), of: "validation")
        } else {
            var plan = TrainingPlan()
            for (name, value) in options(family) { try plan.set(name, to: value) }
            expected = try plan.trainer().train(on: dataset)
        }
        expected.card.add(try evaluator.evaluate(expected, on: dataset.test, training: dataset.train), of: "test")
        try expected.save(to: folder.path + "/swift.safetensors")
        #expect(try Data(contentsOf: URL(filePath: path)) == Data(contentsOf: URL(filePath: folder.path + "/swift.safetensors")))

        var read: OpaquePointer?
        #expect(foldin_model_load(path, &read, nil) == FOLDIN_OK)
        defer { foldin_model_free(read) }
        let recommender = Recommender(expected)
        let histories = dataset.test.foldIn
        let count = 4
        var items = [Int32](repeating: 0, count: histories.userCount * count)
        var scores = [Float](repeating: 0, count: items.count)
        histories.withC { matrix in
            var selection = foldin_selection()
            (selection.count, selection.allowed_count) = (Int64(count), -1)
            #expect(foldin_model_recommend(read, matrix, &selection, nil, &items, &scores, nil) == FOLDIN_OK)
        }
        for row in 0..<histories.userCount {
            let list = try recommender.recommend(count, havingLiked: histories.row(row).map { dataset.items[Int($0)] })
            #expect(items[row * count..<row * count + list.count].map { dataset.items[Int($0)] } == list.map(\.item))
            #expect(Array(scores[row * count..<row * count + list.count]) == list.map(\.score))
        }
    }

    @Test("a stop keeps the best epoch, and one before the first epoch gives no model") func stops() throws {
        let dataset = PreparedDataset.twoGroups()
        let stopped = try CModel.trained(on: dataset, options("mult-vae", epochs: 1_000)) { $0.ended != 0 && $0.epoch == 3 }
        #expect(stopped.status == FOLDIN_STOPPED && stopped.pointer != nil && stopped.error.contains("found a stop"))
        let early = try CModel.trained(on: dataset, options("mult-vae", epochs: 1_000)) { _ in true }
        #expect(early.status == FOLDIN_STOPPED && early.pointer == nil)
        var set: Int32 = 1
        let flag = try CModel.trained(on: dataset, options("ease"), stop: &set)
        #expect(flag.status == FOLDIN_STOPPED && flag.pointer == nil)
    }

    @Test("what is not valid is refused with what was found and expected") func refuses() throws {
        let dataset = PreparedDataset.twoGroups()
        let cases: [([(String, String)], String)] = [
            ([("model", "gan")], "gan"), ([("latent", "-1")], "latent"), ([("latents", "1")], "latents"),
            ([("model", "ease"), ("epochs", "2")], "epochs"),
            ([("learning-rate", "1e30"), ("epochs", "2"), ("latent", "2"), ("hidden", "2")], "diverged"),
        ]
        for (options, part) in cases {
            let model = try CModel.trained(on: dataset, options)
            #expect(model.status == FOLDIN_USAGE && model.error.contains(part), "\(options): \(model.status) \(model.error)")
        }
        let wrong: [([Int64], [Int32], Int64, String)] = [
            ([0, 2, 1], [0, 1], 3, "ascending"), ([1, 2], [0, 1], 3, "first start"), ([0, 1], [3], 3, "item 3"),
            ([0, 1], [-1], 3, "item -1"),
            ([0, -1], [0], 3, "ascending"), ([0, 1], [0], -1, "columns"), ([0, 1], [0], Int64(Int32.max), "columns"),
            ([0, 1], [0], Int64(Int32.max) - 1, "columns, whose ids take"),
            ([0, 1], [0], .min, "columns"),
        ]
        for (starts, indices, columns, part) in wrong {
            var (pointer, error): (OpaquePointer?, UnsafeMutablePointer<CChar>?)
            let status = starts.withUnsafeBufferPointer { starts in
                indices.withUnsafeBufferPointer { indices in
                    var matrix = foldin_interactions(
                        rows: Int64(starts.count - 1), columns: columns, starts: starts.baseAddress, indices: indices.baseAddress)
                    return foldin_dataset_create(&matrix, nil, nil, nil, nil, nil, nil, &pointer, &error)
                }
            }
            let text = error.map { String(cString: $0) } ?? ""
            foldin_text_free(error)
            #expect(
                pointer == nil && [FOLDIN_USAGE, FOLDIN_BAD_DATA].contains(Int(status)) && text.contains(part),
                "\(status): \(text)")
        }
        var matrix = foldin_interactions(rows: .max, columns: 3, starts: nil, indices: nil)
        var pointer: OpaquePointer?
        #expect(foldin_dataset_create(&matrix, nil, nil, nil, nil, nil, nil, &pointer, nil) == FOLDIN_BAD_DATA)
        #expect(foldin_dataset_create(nil, nil, nil, nil, nil, nil, nil, &pointer, nil) == FOLDIN_USAGE)
        #expect(foldin_model_load("/nowhere", &pointer, nil) == FOLDIN_MISSING_INPUT)
        #expect(foldin_model_save(nil, "x", nil) == FOLDIN_USAGE && foldin_model_item_count(nil) == 0)
        #expect(foldin_abi_version() == FOLDIN_ABI_VERSION && String(cString: foldin_version()) == FoldinVersion.text)
    }

    @Test("rows in any order with repeats are those of a sorted matrix") func sortsRows() throws {
        let starts: [Int64] = [0, 3, 3, 5]
        let indices: [Int32] = [2, 0, 2, 1, 1]
        let matrix = try starts.withUnsafeBufferPointer { starts in
            try indices.withUnsafeBufferPointer { indices in
                try InteractionMatrix(
                    foldin_interactions(rows: 3, columns: 4, starts: starts.baseAddress, indices: indices.baseAddress), "a matrix"
                )
            }
        }
        #expect(matrix == InteractionMatrix(rows: [[0, 2], [], [1]], itemCount: 4))
    }

    private func options(_ family: String, epochs: Int = 4) -> [(String, String)] {
        family == "ease"
            ? [("model", family)]
            : [
                ("model", family), ("latent", "4"), ("hidden", "8"), ("epochs", "\(epochs)"), ("batch-size", "10"),
                ("patience", "0"), ("seed", "3"),
            ]
    }
}

/// A model that `foldin_train` made, or why it did not.
private final class CModel {
    let status: Int32
    let pointer: OpaquePointer?
    let error: String

    private init(_ status: Int32, _ pointer: OpaquePointer?, _ error: String) {
        (self.status, self.pointer, self.error) = (status, pointer, error)
    }

    deinit { foldin_model_free(pointer) }

    static func trained(
        on dataset: PreparedDataset, _ options: [(String, String)], stop: UnsafePointer<Int32>? = nil,
        until isEnough: @escaping (foldin_progress) -> Bool = { _ in false }
    ) throws -> CModel {
        var data: OpaquePointer?
        let created = withC(dataset.items.ids) { ids in
            withC(dataset.titles.map { $0 ?? "" }) { titles in
                dataset.train.withC { train in
                    dataset.validation.foldIn.withC { known in
                        dataset.validation.heldOut.withC { heldOut in
                            dataset.test.foldIn.withC { testKnown in
                                dataset.test.heldOut.withC { testHeldOut in
                                    foldin_dataset_create(train, known, heldOut, testKnown, testHeldOut, ids, titles, &data, nil)
                                }
                            }
                        }
                    }
                }
            }
        }
        try #require(created == FOLDIN_OK)
        defer { foldin_dataset_free(data) }
        var (model, error): (OpaquePointer?, UnsafeMutablePointer<CChar>?)
        let words = options.map { (strdup($0.0), strdup($0.1)) }
        defer {
            for word in words {
                free(word.0)
                free(word.1)
            }
        }
        let list = words.map { foldin_option(name: $0.0, value: $0.1) }
        let box = Box(isEnough)
        let status = withExtendedLifetime(box) {
            var control = foldin_control()
            control.stop = stop
            control.context = Unmanaged.passUnretained(box).toOpaque()
            control.progress = { progress, context in
                guard let progress, let context else { return 1 }
                return Unmanaged<Box>.fromOpaque(context).takeUnretainedValue().body(progress.pointee) ? 1 : 0
            }
            return foldin_train(data, list, Int64(list.count), &control, &model, &error)
        }
        defer { foldin_text_free(error) }
        return CModel(status, model, error.map { String(cString: $0) } ?? "")
    }

    private final class Box {
        let body: (foldin_progress) -> Bool
        init(_ body: @escaping (foldin_progress) -> Bool) { self.body = body }
    }
}

/// Texts as those of C.
private func withC<Result>(_ texts: [String], _ body: (UnsafePointer<foldin_texts>) -> Result) -> Result {
    let bytes = texts.flatMap { $0.utf8.map(CChar.init(bitPattern:)) }
    let ends = texts.reduce(into: [Int64]()) { $0.append(($0.last ?? 0) + Int64($1.utf8.count)) }
    return bytes.withUnsafeBufferPointer { bytes in
        ends.withUnsafeBufferPointer { ends in
            var list = foldin_texts(count: Int64(texts.count), bytes: bytes.baseAddress, ends: ends.baseAddress)
            return body(&list)
        }
    }
}

extension InteractionMatrix {
    /// This matrix as one of C.
    fileprivate func withC<Result>(_ body: (UnsafePointer<foldin_interactions>) -> Result) -> Result {
        rowStarts.map(Int64.init).withUnsafeBufferPointer { starts in
            columns.withUnsafeBufferPointer { indices in
                var matrix = foldin_interactions(
                    rows: Int64(userCount), columns: Int64(itemCount), starts: starts.baseAddress, indices: indices.baseAddress)
                return body(&matrix)
            }
        }
    }
}
#endif
