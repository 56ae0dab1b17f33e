import FoldinInteractions
import FoldinKernels
import FoldinSupport
import FoldinTestSupport
import Foundation
import Testing

@testable import FoldinPreparation

/// The fast reader of rows of fixed layout against the general parser, which a column of times requires.
struct NumberRowsTests {
    private struct Draws {
        var state: UInt64
        mutating func next(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int((state >> 33) % UInt64(bound))
        }
    }

    /// Valid rows `user,item,rating,time` with ids below `bound`.
    private static func rows(_ count: Int, below bound: Int, _ draws: inout Draws) -> [UInt8] {
        var text = ""
        for _ in 0..<count {
            let user = draws.next([9, 900, bound][draws.next(3)])
            let rating = draws.next(2) == 0 ? "\(draws.next(10))" : "\(draws.next(10)).\(draws.next(10))"
            text += "\(user),\(draws.next(bound)),\(rating),\(draws.next(1 << 30))\n"
        }
        return Array(text.utf8)
    }

    /// The rows of a file as text, or the line of its first error.
    private static func contents(_ path: String, general: Bool, blockSize: Int, threads: Int = 2) throws -> [String] {
        do {
            let ratings = try Ratings(path, .movieLensCSV, general, Workers(count: threads), blockSize: blockSize)
            #expect(Set(ratings.userIds.sortedCodes((0..<UInt32(ratings.userCount)).map { $0 })).count == ratings.userCount)
            return ratings.rows.flatMap(\.byRow).map { row in
                "\(ratings.userIds[Int(row.user)]) \(ratings.itemIds[Int(row.item)]) \(row.rating)"
            }
        } catch let error as FoldinError {
            // The general parser reads times too, which may have an error of their own.
            return ["line \(error.line ?? 0)"]
        }
    }

    @Test("the fast reader and the general parser agree, on valid and on damaged rows", arguments: [1, 2, 3, 4])
    func agreesWithTheGeneralParser(seed: UInt64) throws {
        let folder = try TemporaryFolder()
        var draws = Draws(state: seed)
        let header = Array("userId,movieId,rating,timestamp\n".utf8)
        let interesting = Array("\n\r,.\"-09 ;a".utf8) + [0, 0x80, 0xFF]
        var faults = 0
        for round in 0..<24 {
            var bytes = Self.rows([1, 40, 700][round % 3], below: [900, 10_000, 1 << 20][round % 4 % 3], &draws)
            // Damages the first three columns only; times, which only the general parser reads, stay valid.
            for _ in 0..<round % 4 {
                let place = draws.next(bytes.count)
                let line = (bytes[..<place].lastIndex(of: 10) ?? -1) + 1
                if bytes[line..<place].count(where: { $0 == 44 }) < 3, bytes[place] != 10 {
                    bytes[place] = interesting[draws.next(interesting.count)]
                }
            }
            if round % 5 == 0 { bytes.removeLast() }
            let path = try folder.write("r.csv", bytes: header + bytes)
            let general = try Self.contents(path, general: true, blockSize: 8 << 20, threads: 1)
            for blockSize in [8 << 20, 1_000] {
                let fast = try Self.contents(path, general: false, blockSize: blockSize)
                let difference = zip(fast, general).first { $0 != $1 }
                #expect(
                    fast == general,
                    "seed \(seed), round \(round): \(fast.count), \(general.count) rows, \(String(describing: difference))")
            }
            if general.count == 1, round % 3 != 0 { faults += 1 }
        }
        #expect(faults > 2, "some files are refused")
    }

    @Test(
        "all sizes of numbers, by each instruction set, and more rows than expected", arguments: RowColumns.instructionSets)
    func everySize(instructionSet: Int32) throws {
        var text = ""
        // Long rows first, so that the estimate of the number of rows is too low.
        for number in 0..<400 { text += "\(1_000_000 + number),\(1_048_575 - number),9.\(number % 10)\n" }
        for number in 0..<180_000 { text += "\(number % 7),\(number % 11),\(number % 10)\n" }
        let bytes = Array(text.utf8) + Array("1,1048576,3\n".utf8)
        try bytes.withUnsafeBufferPointer { bytes in
            var place = try #require(bytes.baseAddress)
            let seen = SeenNumbers(byteCount: bytes.count)
            let read = RowColumns.ofNumbers(
                at: &place, end: place + bytes.count, delimiter: UInt8(ascii: ","), hasFourth: false, seen: seen,
                instructionSet: instructionSet)
            #expect(read.count == 180_400 && place - (bytes.baseAddress ?? place) == text.utf8.count)
            #expect(seen.users == Array(0..<7) + (1_000_000..<1_000_400).map { UInt32($0) })
            #expect(seen.items.count == 411)
            let users = read.usersByRow
            #expect(users.count == 180_400)
            for row in 0..<400 {
                #expect(users[row] == UInt32(1_000_000 + row) && read.item(row) == UInt32(1_048_575 - row))
                #expect(read.rating(row) == Float("9.\(row % 10)"))
            }
            for row in 0..<180_000 where users[400 + row] != UInt32(row % 7) { Issue.record("row \(row)") }
        }
    }

    @Test("all instruction sets read as many rows, on good and on damaged rows, and the same", arguments: [5, 6])
    func instructionSetsAgree(seed: UInt64) throws {
        var draws = Draws(state: seed)
        var stops = 0
        for round in 0..<200 {
            var bytes = Self.rows([3, 60, 900][round % 3], below: [900, 1 << 17][round % 2], &draws)
            let end = bytes.count
            for _ in 0..<round % 4 { bytes[draws.next(end)] = Array("\n\r,.0 9-:".utf8)[draws.next(9)] }
            // More fields than a word has bits.
            if round % 7 == 0 { for place in draws.next(end)..<end { bytes[place] = UInt8(ascii: ",") } }
            bytes[end - 1] = 10
            try bytes.withUnsafeBufferPointer { bytes in
                let start = try #require(bytes.baseAddress)
                let read = RowColumns.instructionSets.map { instructionSet in
                    var place = start
                    let seen = SeenNumbers(byteCount: 1 << 16)
                    let rows = RowColumns.ofNumbers(
                        at: &place, end: start + end, delimiter: 44, hasFourth: true, seen: seen, instructionSet: instructionSet)
                    return (rows: rows, users: seen.users, items: seen.items, passed: place - start)
                }
                for other in read.dropFirst() {
                    #expect(other.passed == read[0].passed && other.rows.count == read[0].rows.count)
                    #expect(other.users == read[0].users && other.items == read[0].items)
                    #expect(other.rows.usersByRow == read[0].rows.usersByRow)
                    let rows = 0..<min(other.rows.count, read[0].rows.count)
                    #expect(rows.allSatisfy { other.rows.item($0) == read[0].rows.item($0) })
                    #expect(rows.allSatisfy { other.rows.rating($0) == read[0].rows.rating($0) })
                }
                stops += read[0].passed < end ? 1 : 0
            }
        }
        #expect(stops > 50 && stops < 200, "some stop before the end")
    }
}
