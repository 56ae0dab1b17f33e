/// Finds names that are similar to a misspelt one, for suggestions in messages.
package enum NearNames {
    /// The indices of up to `count` names similar to `name`: first those within a small edit distance, the nearest first, then those
    /// that contain it; by index among equals. The case of ASCII letters does not matter.
    ///
    /// Takes time in proportion to the bytes of all names of about the length of `name`.
    ///
    /// - Parameter largestDistance: the largest edit distance of a similar name; by default one for every three bytes of `name`.
    package static func indices(
        of name: String, among names: some Sequence<String>, count: Int = 3, largestDistance: Int? = nil
    ) -> [Int] {
        let letters = name.utf8.prefix(200).map(lowercase)
        let limit = largestDistance ?? letters.count / 3
        var best: [(rank: Int, index: Int)] = []
        var rows = DistanceRows(letters.count)
        for (index, candidate) in names.enumerated() {
            let difference = candidate.utf8.count - letters.count
            let mayContain = difference > 0 && letters.count >= 3
            guard abs(difference) <= limit || mayContain else { continue }
            var candidate = candidate
            let rank: Int? = candidate.withUTF8 { bytes in
                let bytes = UnsafeRawBufferPointer(bytes)
                if abs(difference) <= limit, let distance = distance(letters, bytes, limit: limit, &rows) { return distance }
                return mayContain && contains(bytes, letters) ? limit + 1 : nil
            }
            guard let rank, best.count < count || rank < best[best.count - 1].rank else { continue }
            let place = best.firstIndex { $0.rank > rank } ?? best.count
            best.insert((rank, index), at: place)
            if best.count > count { best.removeLast() }
        }
        return best.map(\.index)
    }

    /// Up to three of `names` similar to an unknown option or command `name`: `anneal-cap or anneal`; nil when none is.
    ///
    /// Two edits are allowed even in a short name, since such names are few.
    package static func suggestion(for name: String, among names: [String]) -> String? {
        let found = indices(of: name, among: names, largestDistance: max(2, name.utf8.count / 3))
        return found.isEmpty ? nil : found.map { names[$0] }.joined(separator: " or ")
    }

    /// The last three rows of the table of distances, the newest last.
    private struct DistanceRows {
        var beforeLast, last, row: [Int]

        init(_ count: Int) {
            row = Array(0...count)
            (beforeLast, last) = (row, row)
        }

        mutating func next() {
            swap(&beforeLast, &last)
            swap(&last, &row)
        }
    }

    /// The fewest insertions, deletions and replacements of bytes and swaps of neighbours that make one of the other (optimal string
    /// alignment); nil above `limit`.
    private static func distance(_ a: [UInt8], _ b: UnsafeRawBufferPointer, limit: Int, _ rows: inout DistanceRows) -> Int? {
        for j in 0...a.count { rows.row[j] = j }
        for i in 0..<b.count {
            rows.next()
            let letter = lowercase(b[i])
            rows.row[0] = i + 1
            var least = i + 1
            for j in a.indices {
                var distance = min(rows.last[j] + (a[j] == letter ? 0 : 1), rows.row[j] + 1, rows.last[j + 1] + 1)
                if i > 0, j > 0, a[j] == lowercase(b[i - 1]), a[j - 1] == letter {
                    distance = min(distance, rows.beforeLast[j - 1] + 1)
                }
                rows.row[j + 1] = distance
                least = min(least, distance)
            }
            // A swap reaches over one row at most.
            if least > limit + 1 { return nil }
        }
        return rows.row[a.count] <= limit ? rows.row[a.count] : nil
    }

    private static func contains(_ bytes: UnsafeRawBufferPointer, _ part: [UInt8]) -> Bool {
        guard let first = part.first, bytes.count >= part.count else { return false }
        for start in 0...bytes.count - part.count where lowercase(bytes[start]) == first {
            if part.indices.allSatisfy({ lowercase(bytes[start + $0]) == part[$0] }) { return true }
        }
        return false
    }

    private static func lowercase(_ byte: UInt8) -> UInt8 {
        UInt8(ascii: "A")...UInt8(ascii: "Z") ~= byte ? byte | 0x20 : byte
    }
}
