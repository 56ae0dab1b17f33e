import CFoldinKernels
import FoldinKernels
import Foundation
import Testing

/// Both readers of fixed-layout rows against their grammar, one byte at a time.
@Suite("Fixed-layout rows") struct FixedLayoutRowsTests {
    struct Row: Equatable {
        let user: Int, item: Int, tenths: Int
    }

    /// Ids are below this.
    static let bound = 1 << 13
    /// The code of n is n: see `foldin_codes`.
    static let codes = (1...UInt32(bound)).map { $0 }
    static let instructionSets = [FOLDIN_PORTABLE, FOLDIN_AVX2, FOLDIN_AVX512_VBMI2].filter { Processor.has($0) }.map {
        Int32($0.rawValue)
    }

    /// The id that a field spells; nil if it is not one.
    static func id(_ field: ArraySlice<UInt8>) -> Int? {
        guard (1...7).contains(field.count), field.allSatisfy({ (48...57).contains($0) }) else { return nil }
        guard field.count == 1 || field.first != 48 else { return nil }
        let value = field.reduce(0) { $0 * 10 + Int($1) - 48 }
        return value < bound ? value : nil
    }

    /// The tenths that a field spells; nil if it is not a rating.
    static func tenths(_ field: ArraySlice<UInt8>) -> Int? {
        let digits = field.filter { $0 != 46 }.map { Int($0) - 48 }
        guard digits.allSatisfy({ (0...9).contains($0) }) else { return nil }
        if field.count == 1, digits.count == 1 { return digits[0] * 10 }
        return field.count == 3 && digits.count == 2 && field[field.startIndex + 1] == 46 ? digits[0] * 10 + digits[1] : nil
    }

    /// The rows of `bytes` before the first malformed one, by the grammar in NumberRows.h.
    static func rows(_ bytes: [UInt8], delimiter: UInt8, hasFourth: Bool, allowsEmptyFourth: Bool) -> [Row] {
        var rows: [Row] = []
        for line in bytes.split(separator: 10, omittingEmptySubsequences: false) {
            let fields = line.split(separator: delimiter, omittingEmptySubsequences: false)
            guard fields.count == (hasFourth ? 4 : 3), let user = id(fields[0]), let item = id(fields[1]),
                let tenths = tenths(fields[2])
            else { break }
            if hasFourth {
                guard fields[3].allSatisfy({ (48...57).contains($0) || $0 == 46 }) else { break }
                guard allowsEmptyFourth || !fields[3].isEmpty else { break }
            }
            rows.append(Row(user: user, item: item, tenths: tenths))
        }
        return rows
    }

    /// The rows that `foldin_read_numbers` reads, and the number of bytes.
    static func numbers(_ bytes: [UInt8], delimiter: UInt8, hasFourth: Bool, _ instructionSet: Int32) -> ([Row], Int) {
        let capacity = bytes.count
        var (items, runs) = ([UInt32](repeating: 0, count: capacity), [foldin_run](repeating: foldin_run(), count: capacity))
        var (seenUsers, seenItems) = ([UInt8](repeating: 0, count: bound), [UInt8](repeating: 0, count: bound))
        var (count, runCount, passed) = (0, 0, 0)
        bytes.withUnsafeBufferPointer { bytes in
            guard let start = bytes.baseAddress else { return }
            items.withUnsafeMutableBufferPointer { items in
                runs.withUnsafeMutableBufferPointer { runs in
                    seenUsers.withUnsafeMutableBufferPointer { users in
                        seenItems.withUnsafeMutableBufferPointer { marks in
                            var place = start
                            var rows = foldin_number_rows(
                                rated_items: items.baseAddress.unsafelyUnwrapped, count: 0, capacity: capacity,
                                runs: runs.baseAddress.unsafelyUnwrapped, run_count: 0,
                                seen_users: users.baseAddress.unsafelyUnwrapped, seen_items: marks.baseAddress.unsafelyUnwrapped,
                                bound: UInt32(bound))
                            foldin_read_numbers(instructionSet, &place, start + bytes.count, delimiter, hasFourth, &rows)
                            (count, runCount, passed) = (rows.count, rows.run_count, place - start)
                        }
                    }
                }
            }
        }
        var result: [Row] = []
        for run in 0..<runCount {
            for row in Int(runs[run].start)..<(run + 1 < runCount ? Int(runs[run + 1].start) : count) {
                let item = Int(items[row]) & Int(FOLDIN_ITEM_MASK)
                result.append(Row(user: Int(runs[run].user), item: item, tenths: Int(items[row]) >> Int(FOLDIN_ITEM_BITS)))
            }
        }
        #expect(result.allSatisfy { seenUsers[$0.user] == 1 && seenItems[$0.item] == 1 })
        #expect(seenUsers.count { $0 != 0 } == Set(result.map(\.user)).count)
        return (result, passed)
    }

    /// The rows that `foldin_read_coded_rows` reads, where the code of n is n, and the number of bytes.
    static func coded(_ bytes: [UInt8], delimiter: UInt8, hasFourth: Bool) -> ([Row], Int) {
        let capacity = bytes.count
        var (users, items) = ([UInt32](repeating: 0, count: capacity), [UInt32](repeating: 0, count: capacity))
        var ratings = [Float](repeating: 0, count: capacity)
        var (count, passed) = (0, 0)
        bytes.withUnsafeBufferPointer { bytes in
            Self.codes.withUnsafeBufferPointer { codes in
                users.withUnsafeMutableBufferPointer { users in
                    items.withUnsafeMutableBufferPointer { items in
                        ratings.withUnsafeMutableBufferPointer { ratings in
                            guard let start = bytes.baseAddress, let codes = codes.baseAddress else { return }
                            var place = start
                            let all = foldin_codes(codes: codes, count: bound)
                            count = foldin_read_coded_rows(
                                &place, start + bytes.count, delimiter, hasFourth, all, all,
                                foldin_rows(
                                    users: users.baseAddress.unsafelyUnwrapped, items: items.baseAddress.unsafelyUnwrapped,
                                    ratings: ratings.baseAddress.unsafelyUnwrapped, capacity: capacity))
                            passed = place - start
                        }
                    }
                }
            }
        }
        let rows = (0..<count).map {
            Row(user: Int(users[$0]), item: Int(items[$0]), tenths: Int((ratings[$0] * 10).rounded()))
        }
        #expect(zip(rows, ratings).allSatisfy { Float($0.tenths) / 10 == $1 })
        return (rows, passed)
    }

    struct Draws {
        var state: UInt64
        mutating func next(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int((state >> 33) % UInt64(bound))
        }
    }

    /// Valid rows, in some of which a byte is replaced by one that the grammar distinguishes.
    @Test(arguments: [UInt64](1...4), [false, true])
    func bothReadersStopAtTheFirstMalformedRow(seed: UInt64, hasFourth: Bool) {
        var draws = Draws(state: seed)
        var (stops, ends) = (0, 0)
        for round in 0..<40 {
            let delimiter = Array(",;\t".utf8)[round % 3]
            var bytes: [UInt8] = []
            for _ in 0..<[1, 30, 300][round % 3 == 0 ? draws.next(3) : 1] {
                let bounds = [9, 900, Self.bound]
                var fields = ["\(draws.next(bounds[draws.next(3)]))", "\(draws.next(bounds[draws.next(3)]))"]
                fields.append(draws.next(2) == 0 ? "\(draws.next(10))" : "\(draws.next(10)).\(draws.next(10))")
                if hasFourth { fields.append(["978300760", "1.5", "7", "0.25.", "."][draws.next(5)]) }
                bytes += fields.joined(separator: String(UnicodeScalar(delimiter))).utf8 + [10]
            }
            let end = bytes.count
            for _ in 0..<round % 4 { bytes[draws.next(end)] = Array("\n\r,;\t.0 9-:\"a".utf8)[draws.next(13)] }
            bytes[end - 1] = 10
            // Blank lines, which both readers stop at.
            bytes += [UInt8](repeating: 10, count: 40)
            for (allowsEmptyFourth, read) in [(true, [Self.coded(bytes, delimiter: delimiter, hasFourth: hasFourth)])]
                + [
                    (
                        false,
                        Self.instructionSets.map { Self.numbers(bytes, delimiter: delimiter, hasFourth: hasFourth, $0) }
                    )
                ]
            {
                let expected = Self.rows(bytes, delimiter: delimiter, hasFourth: hasFourth, allowsEmptyFourth: allowsEmptyFourth)
                let lines = bytes.indices.filter { bytes[$0] == 10 }
                for (rows, passed) in read {
                    #expect(rows == expected)
                    #expect(passed == (expected.isEmpty ? 0 : lines[expected.count - 1] + 1))
                    if passed < end { stops += 1 } else { ends += 1 }
                }
            }
        }
        #expect(stops > 10 && ends > 10, "some stop before the end, and some do not")
    }

    /// The coded reader alone has ids without a bound: all with up to 7 digits and a code.
    @Test(arguments: [
        (0, "0", true), (9, "9", true), (10, "10", true), (999_999, "999999", true), (1_000_000, "1000000", true),
        (9_999_999, "9999999", true), (1, "01", false), (0, "00", false), (1_000_000, "10000000", false), (7, "", false),
        (7, "8", false),
    ])
    func codedIdsHaveUpToSevenDigits(coded: Int, text: String, isRead: Bool) throws {
        // Cleared by the system, and only where it is used.
        let memory = try #require(calloc(10_000_000, MemoryLayout<UInt32>.stride))
        defer { free(memory) }
        let codes = memory.bindMemory(to: UInt32.self, capacity: 10_000_000)
        codes[coded] = 5
        let bytes = Array("\(text),\(coded),3.5\n".utf8) + [UInt8](repeating: 10, count: 40)
        var (user, item, rating): (UInt32, UInt32, Float) = (0, 0, 0)
        let count = bytes.withUnsafeBufferPointer { bytes in
            guard var place = bytes.baseAddress else { return 0 }
            let all = foldin_codes(codes: codes, count: 10_000_000)
            return withUnsafeMutablePointer(to: &user) { user in
                withUnsafeMutablePointer(to: &item) { item in
                    withUnsafeMutablePointer(to: &rating) { rating in
                        foldin_read_coded_rows(
                            &place, place + bytes.count, UInt8(ascii: ","), false, all, all,
                            foldin_rows(users: user, items: item, ratings: rating, capacity: 1))
                    }
                }
            }
        }
        #expect(count == (isRead ? 1 : 0))
        if isRead { #expect(user == 4 && item == 4 && rating == 3.5) }
    }
}
