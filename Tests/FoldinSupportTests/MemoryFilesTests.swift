import FoldinTestSupport
import Testing

@testable import FoldinSupport

/// The memory limits of containers, read from files made for the test.
@Suite("Memory limits of control groups") struct MemoryFilesTests {
    private static let gigabyte = 1_000_000_000

    /// A machine of 16 GB with 8 GB available, and these files; paths below a temporary folder.
    private static func read<Result>(_ files: [String: String], _ body: (MemoryFiles) throws -> Result) throws -> Result {
        let folder = try TemporaryFolder()
        let machine = ["proc/meminfo": "MemTotal: 1 kB\nMemAvailable:    7812500 kB\nSwapFree:  1953125 kB\n"]
        for (path, text) in machine.merging(files, uniquingKeysWith: { $1 }) { try folder.write(path, text) }
        return try body(MemoryFiles(root: folder.path, physical: 16 * gigabyte))
    }

    private static func bytes(_ gigabytes: Double) -> String { "\(Int(gigabytes * 1e9))\n" }

    @Test("without control groups the machine's own figures count")
    func noGroups() throws {
        try Self.read([:]) {
            #expect($0.total == 16 * Self.gigabyte && $0.available == 8 * Self.gigabyte)
            #expect($0.obtainable == 10 * Self.gigabyte)
        }
    }

    @Test("version 2: the smallest limit of the group and those above it counts")
    func secondVersion() throws {
        let files = [
            "proc/self/cgroup": "0::/service/foldin\n",
            "sys/fs/cgroup/service/memory.max": Self.bytes(4), "sys/fs/cgroup/service/memory.current": Self.bytes(1.5),
            "sys/fs/cgroup/service/memory.stat": "anon 900000000\nfile 600000000\ninactive_file 500000000\n",
            "sys/fs/cgroup/service/foldin/memory.max": "max\n", "sys/fs/cgroup/service/foldin/memory.current": Self.bytes(1),
        ]
        try Self.read(files) { #expect($0.total == 4 * Self.gigabyte && $0.available == 3 * Self.gigabyte) }
    }

    @Test(
        "in a container the limit is at the top, whatever path the process has",
        arguments: ["0::/\n", "0::/docker/4711\n", "0::/../other\n", ""])
    func containersOfTheSecondVersion(path: String) throws {
        let files = [
            "proc/self/cgroup": path, "sys/fs/cgroup/memory.max": Self.bytes(2), "sys/fs/cgroup/memory.current": Self.bytes(1.75),
        ]
        try Self.read(files) { #expect($0.total == 2 * Self.gigabyte && $0.available == Self.gigabyte / 4) }
    }

    @Test(
        "version 1 has other names, and the path may be that of the host",
        arguments: ["5:cpu,cpuacct:/x\n4:memory:/docker/4711\n", "4:hugetlb,memory:/\n", ""])
    func firstVersion(path: String) throws {
        let files = [
            "proc/self/cgroup": path, "sys/fs/cgroup/memory/memory.limit_in_bytes": Self.bytes(3),
            "sys/fs/cgroup/memory/memory.usage_in_bytes": Self.bytes(2),
            "sys/fs/cgroup/memory/memory.stat": "inactive_file 1\ntotal_inactive_file 250000000\n",
        ]
        try Self.read(files) { #expect($0.total == 3 * Self.gigabyte && $0.available == 1_250_000_000) }
    }

    @Test("version 1 without a limit states a huge one, which does not count")
    func noLimitOfTheFirstVersion() throws {
        let files = [
            "sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n",
            "sys/fs/cgroup/memory/memory.usage_in_bytes": Self.bytes(5),
        ]
        try Self.read(files) { #expect($0.total == 16 * Self.gigabyte && $0.available == 8 * Self.gigabyte) }
    }

    @Test("a group that uses more than its limit has nothing left")
    func overTheLimit() throws {
        let files = ["sys/fs/cgroup/memory.max": Self.bytes(1), "sys/fs/cgroup/memory.current": Self.bytes(2)]
        try Self.read(files) { #expect($0.available == 0 && $0.obtainable == 2 * Self.gigabyte) }
    }

    @Test("a limit on the address space counts for what can be allocated at all")
    func addressSpace() throws {
        let files = [
            "proc/self/limits":
                "Limit  Soft Limit  Hard Limit  Units\nMax address space         3000000000   unlimited   bytes\n",
            "proc/self/status": "VmSize:\t  1953125 kB\nVmHWM:\t 1000 kB\n",
        ]
        try Self.read(files) { #expect($0.obtainable == Self.gigabyte && $0.peak == 1_024_000) }
    }
}
