import FoldinInteractions
import FoldinSupport

extension RatingsFormat {
    /// One JSON object per line, with any keys.
    public static func jsonLines(_ keys: JSONKeys) -> RatingsFormat {
        RatingsFormat(name: Kind.jsonLines.name, columns: .keys(keys)) { sample in
            try JSONLinesParser(keys, sample.options, firstObject: sample.firstLine, file: sample.path)
        }
    }

    /// Amazon's reviews, one JSON object per line with `reviewerID`, `asin`, `overall` and `unixReviewTime` (or, since 2023,
    /// `user_id`, `parent_asin`, `rating` and `timestamp`).
    public static let amazonJSONLines = RatingsFormat(name: "amazon-json") { sample in
        try JSONLinesParser(
            .amazon(sample.firstLine, titleKey: sample.hints.titleKey), sample.options, firstObject: sample.firstLine,
            file: sample.path)
    }
}

extension RatingsFormat.Kind {
    /// Recognised by keys of JSON objects that are known, or given. Refuses JSON objects with other keys.
    static let jsonLines = Self(name: "json-lines", addressing: .keys, format: nil) { sample in
        guard sample.isJSON else { return nil }
        let found = try sample.jsonKeys()
        return RecognisedLayout(.jsonLines(found.keys), notes: found.notes)
    }

    /// Recognised by the keys of Amazon's reviews.
    static let amazonJSONLines = Self(name: "amazon-json", addressing: .keys, format: .amazonJSONLines) { sample in
        guard sample.isJSON, sample.hasNoHints else { return nil }
        let found = try sample.jsonKeys()
        guard ["reviewerID", "user_id"].contains(found.keys.user), ["asin", "parent_asin"].contains(found.keys.item),
            ["overall", "rating"].contains(found.keys.rating)
        else { return nil }
        return RecognisedLayout(.amazonJSONLines, notes: found.notes)
    }
}

extension LayoutSample {
    /// The keys of users, items, ratings and times, given or known.
    ///
    /// Throws `FoldinError` if the first line is not a JSON object, or if no keys of users and items are known.
    fileprivate func jsonKeys() throws -> (keys: JSONKeys, notes: [RatingsLayout.Note]) {
        var names: [String] = []
        // A key may be missing from the first object.
        for (number, line) in lines(100).enumerated() {
            var object = JSONLine(line)
            do {
                try Self.collectKeys(&object, line, prefix: "", into: &names)
            } catch {
                // The parser reports later lines with their number.
                if number == 0 { throw error.error(file: path, line: 1) }
            }
        }
        names = names.reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
        func key(_ hint: DelimitedColumns.Column?, _ known: [String], preferring: String? = nil) throws -> String? {
            switch hint {
            case .name(let name): return name
            case .number(let number):
                throw FoldinError(
                    .usage, file: path, found: "the column number \(number) for JSON lines", expected: "a key, such as user_id")
            case nil:
                let plain = names.filter { !$0.contains(".") }
                return ColumnNames.place(of: known, in: plain, preferring: preferring).map { plain[$0] }
            }
        }
        guard let user = try key(hints.user, ColumnNames.user),
            let item = try key(hints.item, ColumnNames.item, preferring: hints.titleKey)
        else {
            throw error("JSON objects with \(Self.listed(names))", "keys known for user and item", .unknownKeys)
        }
        let isNamed = hints.user != nil && hints.item != nil
        let rating = isNamed && hints.rating == nil ? nil : try key(hints.rating, ColumnNames.rating)
        let timestamp = try key(hints.timestamp, ColumnNames.timestamp)
        return (
            JSONKeys(user: user, item: item, rating: rating, timestamp: timestamp),
            notes(on: names, besides: [user, item, rating, timestamp])
        )
    }

    /// The keys of an object, those inside objects and arrays after a point.
    private static func collectKeys(
        _ object: inout JSONLine, _ line: UnsafeRawBufferPointer, prefix: String, into keys: inout [String]
    ) throws(RowFault) {
        var found: [String] = []
        try object.forEachMember { (key, value) throws(RowFault) in
            let name = prefix + String(decoding: key, as: UTF8.self)
            switch value {
            case .object(let range) where prefix.count < 60:
                var inner = JSONLine(line, at: range.lowerBound, end: range.upperBound)
                try collectKeys(&inner, line, prefix: name + ".", into: &found)
            case .array(let range) where prefix.count < 60:
                var array = JSONLine(line, at: range.lowerBound)
                var isFirst = true
                try array.forEachElement { (element) throws(RowFault) in
                    guard isFirst else { return }
                    isFirst = false
                    guard case .object(let range) = element else { return found.append(name) }
                    var inner = JSONLine(line, at: range.lowerBound, end: range.upperBound)
                    try collectKeys(&inner, line, prefix: name + ".", into: &found)
                }
            default: found.append(name)
            }
        }
        keys += found
    }
}

extension JSONKeys {
    /// The keys of Amazon's reviews that `object`, the bytes of a line, has.
    fileprivate static func amazon(_ object: UnsafeRawBufferPointer, titleKey: String?) -> JSONKeys {
        var keys: Set<String> = []
        var line = JSONLine(object)
        try? line.forEachMember { (key, _) throws(RowFault) in keys.insert(String(decoding: key, as: UTF8.self)) }
        let items = [titleKey == "asin" ? "asin" : "parent_asin", "parent_asin", "asin"]
        return JSONKeys(
            user: keys.contains("reviewerID") || !keys.contains("user_id") ? "reviewerID" : "user_id",
            item: items.first { keys.contains($0) } ?? "asin",
            rating: keys.contains("rating") && !keys.contains("overall") ? "rating" : "overall",
            timestamp: ["unixReviewTime", "timestamp"].first { keys.contains($0) })
    }
}
