import Foundation

/// The memory of the machine and of this process, within the limits of the container that it runs in.
///
/// On Linux a limit is that of a control group (cgroup), version 1 or 2: the smallest of the process's own group and those above it.
public enum SystemMemory {
    /// Bytes that can be allocated now without swapping; nil where the system does not say.
    public static var available: Int? {
        #if canImport(Darwin)
        return nil
        #else
        return MemoryFiles().available
        #endif
    }

    /// Bytes that can be allocated now at all: what is available and what can be swapped, within the process's limit on its address
    /// space; nil where the system does not say.
    public static var obtainable: Int? {
        #if canImport(Darwin)
        return nil
        #else
        return MemoryFiles().obtainable
        #endif
    }

    /// Bytes of memory that the machine has, or that the container may use where that is less.
    public static var total: Int { MemoryFiles().total }

    /// The most bytes that this process has had in memory since it began or since `forgetPeak()`; nil where the system does not say.
    public static var peak: Int? {
        #if canImport(Darwin)
        var usage = rusage()
        return getrusage(RUSAGE_SELF, &usage) == 0 ? usage.ru_maxrss : nil
        #else
        return MemoryFiles().peak
        #endif
    }

    /// Starts measuring `peak` again from the memory in use now; false where the system cannot: on Darwin, and without the permission.
    public static func forgetPeak() -> Bool {
        #if canImport(Darwin)
        return false
        #else
        guard let file = fopen("/proc/self/clear_refs", "w") else { return false }
        let isWritten = fputs("5", file) >= 0
        return fclose(file) == 0 && isWritten
        #endif
    }
}

/// Reads what Linux says of memory in the files of `/proc` and `/sys/fs/cgroup`.
struct MemoryFiles {
    /// The folder that these paths are in: empty for the system's own files, another folder in tests.
    var root = ""
    /// Bytes of memory that the machine has.
    var physical = Int(clamping: ProcessInfo.processInfo.physicalMemory)

    /// The smallest of what the machine has free and what each control group has left.
    var available: Int? {
        guard let free = kibibytes("MemAvailable:", in: "/proc/meminfo") else { return nil }
        return groups.compactMap(\.left).reduce(free, min)
    }

    var obtainable: Int? {
        guard let available else { return nil }
        let all = available + (kibibytes("SwapFree:", in: "/proc/meminfo") ?? 0)
        let limit = text("/proc/self/limits")?.split(separator: "\n").first { $0.hasPrefix("Max address space") }?
            .dropFirst("Max address space".count).split(separator: " ").first.flatMap { Int($0) }
        guard let limit, let used = kibibytes("VmSize:", in: "/proc/self/status") else { return all }
        return min(all, max(0, limit - used))
    }

    var total: Int { groups.map(\.limit).reduce(physical, min) }

    var peak: Int? { kibibytes("VmHWM:", in: "/proc/self/status") }

    /// A control group with a limit.
    private struct Group {
        /// The most bytes that its processes may use.
        let limit: Int
        /// How many of these bytes are free; nil if the system does not say.
        let left: Int?
    }

    /// The process's control groups that have a limit, and those above them, of both versions.
    ///
    /// In a container the path of the process's own group may be that of the host and not exist; the group at the top is then the
    /// container's.
    private var groups: [Group] {
        let lines = (text("/proc/self/cgroup") ?? "").split(separator: "\n").map {
            $0.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
        }.filter { $0.count == 3 }
        let second = lines.first { $0[0] == "0" && $0[1].isEmpty }?[2] ?? "/"
        let first = lines.first { $0[1].split(separator: ",").contains("memory") }?[2] ?? "/"
        return folders(below: "/sys/fs/cgroup", second).compactMap {
            group($0, limit: "memory.max", used: "memory.current", cached: "inactive_file")
        }
            + folders(below: "/sys/fs/cgroup/memory", first).compactMap {
                group($0, limit: "memory.limit_in_bytes", used: "memory.usage_in_bytes", cached: "total_inactive_file")
            }
    }

    /// The folder of the group at `path` and those of the groups above it.
    private func folders(below top: String, _ path: Substring) -> [String] {
        let names = path.split(separator: "/").filter { $0 != ".." }
        return (0...names.count).map { ([Substring(top)] + names.prefix($0)).joined(separator: "/") }
    }

    /// Nil without a limit. Cached files that were not read lately are not counted as used: the system drops them first.
    private func group(_ folder: String, limit: String, used: String, cached: String) -> Group? {
        guard let limit = text(folder + "/" + limit).flatMap({ Int($0) }) else { return nil }
        let cachedLine = text(folder + "/memory.stat")?.split(separator: "\n").first { $0.hasPrefix(cached + " ") }
        let cached = cachedLine?.split(separator: " ").last.flatMap { Int($0) } ?? 0
        let used = text(folder + "/" + used).flatMap { Int($0) }
        return Group(limit: limit, left: used.map { max(0, limit - max(0, $0 - cached)) })
    }

    /// The bytes in a line such as `VmHWM:  1234 kB`.
    private func kibibytes(_ name: String, in path: String) -> Int? {
        guard let line = text(path)?.split(separator: "\n").first(where: { $0.hasPrefix(name) }) else { return nil }
        return line.split(whereSeparator: { $0 == " " || $0 == "\t" }).dropFirst().first.flatMap { Int($0) }.map { $0 * 1024 }
    }

    private func text(_ path: String) -> String? {
        (try? String(contentsOfFile: root + path, encoding: .utf8))?.trimmingCharacters(in: .whitespacesAndNewlines)
    }
}
