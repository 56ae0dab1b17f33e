#if Experiments
import FoldinInteractions
import FoldinTestSupport
import FoldinTraining
import Foundation
import GRDB
import Testing

@testable import FoldinExperiments

@Suite("Run store") struct RunStoreTests {
    @Test("a store of the first version is migrated with all its contents") func migratesOldStores() throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/" + RunStore.fileName
        do {
            let old = try DatabaseQueue(path: path)
            try RunStore.migrator.migrate(old, upTo: "1")
            try old.write { database in
                try database.execute(
                    sql: """
                        INSERT INTO sweep VALUES (1, 'n', 'd', '/x', 'c', 'f', '2026-01-01');
                        INSERT INTO run (id, configuration, status, options, family, position, epochs)
                        VALUES ('a', 'b', 'finished', '{"seed":"3"}', 'mult-vae', 0, 1);
                        INSERT INTO epoch VALUES ('a', 1, 5, 2.5, 0.5, 0.1, 9, 0.25);
                        """)
            }
            try old.close()
        }
        let store = try RunStore(in: folder.path)
        #expect(try store.sweep()?.dataset == "d" && store.runs().map(\.seed) == ["3"])
        let epoch = try #require(try store.histories()["a"]?.first)
        #expect(epoch.validation == 0.25 && epoch.validationLoss == nil && epoch.seconds == 9 && epoch.loss == 2.55)
        #expect(epoch.beta == 0.1 && epoch.gamma == nil)
    }

    @Test func anEpochHasBetaOrGamma() throws {
        let line = #"{"best":true,"gamma":0.5,"divergence":4,"epoch":1,"negative_log_likelihood":10,"seconds":1,"updates":3}"#
        let epoch = StoredEpoch(try JSONDecoder().decode(EpochReport.self, from: Data(line.utf8)), of: "a")
        #expect(epoch.gamma == 0.5 && epoch.beta == 0 && epoch.loss == 12)
    }

    @Test("a later version's store and no store are refused with a message") func refusesOtherFiles() throws {
        let folder = try TemporaryFolder()
        #expect(failure { try RunStore(in: folder.path) }?.kind == .missingInput)
        do {
            let later = try DatabaseQueue(path: folder.path + "/" + RunStore.fileName)
            var migrator = RunStore.migrator
            migrator.registerMigration("99") { _ in }
            try migrator.migrate(later)
            try later.close()
        }
        #expect(failure { try RunStore(in: folder.path) }?.found.contains("later version") == true)
        try folder.write(
            RunStore.fileName,
            "this is no database, but long enough to have a header of one hundred bytes or more, as SQLite wants it")
        #expect(failure { try RunStore(in: folder.path) }?.kind == .badData)
    }

    @Test("numbers are written as bytes and read back") func readsBytesBack() {
        let bits = [0.1, -.infinity, Double.leastNonzeroMagnitude].map(\.bitPattern)
        #expect([UInt64](littleEndian: bits.littleEndianData) == bits)
        #expect([Int32]([1, -2]).littleEndianData == Data([1, 0, 0, 0, 0xFE, 0xFF, 0xFF, 0xFF]))
        #expect([Int32](littleEndian: Data([1, 2, 3])) == nil)
    }
}
#endif
