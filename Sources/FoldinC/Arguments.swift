#if compiler(>=6.3)
import CFoldin
import Foldin

extension InteractionMatrix {
    /// A matrix of C, checked: each place and each index is in range. Rows are sorted, and repeats removed, where they need it.
    ///
    /// Takes 4 bytes per click and 8 bytes per user.
    init(_ matrix: foldin_interactions, _ name: String, columns expected: Int? = nil) throws {
        let rows = try size(matrix.rows, "the rows of \(name)")
        let items = try size(matrix.columns, "the columns of \(name)")
        for (size, parts) in [(rows, "rows"), (items, "columns")] where size >= Int(Int32.max) {
            throw FoldinError(.badData, found: "\(size) \(parts) of \(name)", expected: "fewer than \(Int32.max)")
        }
        if let expected, items != expected {
            throw FoldinError(.badData, found: "\(items) columns of \(name)", expected: "\(expected), one for each item")
        }
        // A matrix without rows needs no memory.
        guard rows > 0 else {
            self.init(rowStarts: [0], columns: [], itemCount: items)
            return
        }
        let starts = UnsafeBufferPointer(start: try given(matrix.starts, "the starts of \(name)"), count: rows + 1)
        guard starts[0] == 0 else {
            throw FoldinError(.badData, found: "\(starts[0]) as the first start of \(name)", expected: "0")
        }
        for row in 0..<rows where starts[row + 1] < starts[row] {
            throw FoldinError(
                .badData, found: "\(starts[row + 1]) after \(starts[row]) in the starts of \(name), row \(row)",
                expected: "places in ascending order")
        }
        let clicks = try size(starts[rows], "the last start of \(name)")
        let indices = UnsafeBufferPointer(
            start: clicks == 0 ? nil : try given(matrix.indices, "the indices of \(name)"), count: clicks)
        var isAscending = true
        for row in 0..<rows {
            var previous: Int32 = -1
            for place in Int(starts[row])..<Int(starts[row + 1]) {
                let item = indices[place]
                guard item >= 0, Int(item) < items else {
                    throw FoldinError(
                        .badData, found: "item \(item) in row \(row) of \(name)", expected: "0 to \(items - 1)")
                }
                if item <= previous { isAscending = false }
                previous = item
            }
        }
        if isAscending {
            self.init(rowStarts: starts.map { Int($0) }, columns: Array(indices), itemCount: items)
            return
        }
        let lists = (0..<rows).lazy.map { row -> [Int] in (Int(starts[row])..<Int(starts[row + 1])).map { Int(indices[$0]) } }
        self.init(rows: lists, itemCount: items)
    }
}

extension Vocabulary {
    /// Ids of C, of which there must be `expected`; "0", "1" and so on if there are none.
    init(_ texts: UnsafePointer<foldin_texts>?, count expected: Int) throws {
        guard let texts else {
            // A text and its entry in the dictionary.
            let needed = expected * 64
            if let available = SystemMemory.available, needed > available {
                throw FoldinError(
                    .badData, found: "\(expected) columns, whose ids take \(needed >> 20) MiB",
                    expected: "at most the \(available >> 20) MiB of memory that are free")
            }
            self.init((0..<expected).map(String.init))
            return
        }
        let ids = try [String](texts.pointee, "ids")
        guard ids.count == expected else {
            throw FoldinError(.badData, found: "\(ids.count) ids", expected: "\(expected), one for each column")
        }
        if let empty = ids.firstIndex(of: "") {
            throw FoldinError(.badData, found: "an empty id for column \(empty)", expected: "an id of at least one character")
        }
        if let (place, earlier) = Vocabulary.firstRepeat(in: ids) {
            throw FoldinError(
                .badData, found: "the id \(ids[place].quoted) for columns \(earlier) and \(place)", expected: "different ids")
        }
        self.init(ids)
    }
}

extension [String] {
    /// Texts of C.
    init(_ texts: foldin_texts, _ name: String) throws {
        let number = try size(texts.count, "the number of \(name)")
        guard number > 0 else {
            self = []
            return
        }
        let ends = UnsafeBufferPointer(start: try given(texts.ends, "the ends of \(name)"), count: number)
        let bytes = texts.bytes
        var start = 0
        self = []
        reserveCapacity(number)
        for (place, end) in ends.enumerated() {
            guard end >= start, end == start || bytes != nil else {
                throw FoldinError(
                    .badData, found: "\(end) after \(start) as the end of text \(place) of \(name)",
                    expected: "ends in ascending order, and bytes")
            }
            let text = UnsafeRawBufferPointer(start: bytes.map { $0 + start }, count: Int(end) - start)
            guard let valid = String(validating: text, as: UTF8.self) else {
                throw FoldinError(.badData, found: "text \(place) of \(name), which is not UTF-8", expected: "UTF-8")
            }
            append(valid)
            start = Int(end)
        }
    }
}

/// Options of C.
func optionTexts(_ options: UnsafePointer<foldin_option>?, _ number: Int64) throws -> [(name: String, value: String)] {
    try (0..<size(number, "the number of options")).map { place in
        let option = try given(options, "options")[place]
        return (
            name: String(cString: try given(option.name, "the name of option \(place)")),
            value: String(cString: try given(option.value, "the value of option \(place)"))
        )
    }
}

/// How a call runs, from `foldin_control`.
struct Control {
    let workers: Workers
    private let stop: UnsafePointer<Int32>?
    private let report: (@convention(c) (UnsafePointer<foldin_progress>?, UnsafeMutableRawPointer?) -> Int32)?
    private let context: UnsafeMutableRawPointer?
    /// Whether `progress` has asked to stop.
    private var isStopped = false

    init(_ control: UnsafePointer<foldin_control>?) throws {
        let threads = control?.pointee.threads ?? 0
        guard threads >= 0, threads <= 4_096 else {
            throw FoldinError(.usage, found: "\(threads) threads", expected: "0 for all processors, or 1 to 4096")
        }
        workers = Workers(count: threads > 0 ? Int(threads) : nil)
        stop = control?.pointee.stop
        report = control?.pointee.progress
        context = control?.pointee.context
    }

    /// Whether the caller wants the call to end.
    var wantsToStop: Bool { isStopped || stop.map { foldin_is_set($0) != 0 } ?? false }

    /// Tells the caller how far a training is.
    mutating func tell(_ progress: foldin_progress) {
        guard let report, !isStopped else { return }
        isStopped = withUnsafePointer(to: progress) { report($0, context) } != 0
    }
}
#endif
