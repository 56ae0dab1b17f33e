import Foundation

/// The memory of the machine, for work that has to know before it begins whether it fits, and after it what it took.
public enum SystemMemory {
    /// Bytes that could be taken now without swapping, within what a container is allowed; nil where the system does not tell.
    public static var available: Int? {
        #if canImport(Darwin)
            return nil
        #else
            guard let free = kibibytes("MemAvailable:", in: "/proc/meminfo") else { return nil }
            guard let limit = text("/sys/fs/cgroup/memory.max").flatMap({ Int($0) }),
                let taken = text("/sys/fs/cgroup/memory.current").flatMap({ Int($0) })
            else { return free }
            return min(free, max(0, limit - taken))
        #endif
    }

    /// Bytes that could be taken now at all: what is available, what can be swapped, within the process's limit on its address space; nil
    /// where the system does not tell.
    public static var obtainable: Int? {
        #if canImport(Darwin)
            return nil
        #else
            guard let available else { return nil }
            let all = available + (kibibytes("SwapFree:", in: "/proc/meminfo") ?? 0)
            let limit = text("/proc/self/limits")?.split(separator: "\n").first { $0.hasPrefix("Max address space") }?
                .dropFirst("Max address space".count).split(separator: " ").first.flatMap { Int($0) }
            guard let limit, let taken = kibibytes("VmSize:", in: "/proc/self/status") else { return all }
            return min(all, max(0, limit - taken))
        #endif
    }

    /// Bytes of memory that the machine has, or that a container is allowed where that is less.
    public static var total: Int {
        let physical = Int(clamping: ProcessInfo.processInfo.physicalMemory)
        return min(physical, text("/sys/fs/cgroup/memory.max").flatMap { Int($0) } ?? physical)
    }

    /// The most bytes this process has had in memory since it began or since `forgetPeak`; nil where the system does not tell.
    public static var peak: Int? {
        #if canImport(Darwin)
            var usage = rusage()
            return getrusage(RUSAGE_SELF, &usage) == 0 ? usage.ru_maxrss : nil
        #else
            return kibibytes("VmHWM:", in: "/proc/self/status")
        #endif
    }

    /// Makes what this process has in memory now its peak; false where the system cannot (Darwin, or where it is not allowed).
    public static func forgetPeak() -> Bool {
        #if canImport(Darwin)
            return false
        #else
            guard let file = fopen("/proc/self/clear_refs", "w") else { return false }
            let isWritten = fputs("5", file) >= 0
            return fclose(file) == 0 && isWritten
        #endif
    }

    /// The bytes in a line such as `VmHWM:  1234 kB`.
    private static func kibibytes(_ name: String, in path: String) -> Int? {
        guard let line = text(path)?.split(separator: "\n").first(where: { $0.hasPrefix(name) }) else { return nil }
        return line.split(whereSeparator: { $0 == " " || $0 == "\t" }).dropFirst().first.flatMap { Int($0) }.map { $0 * 1024 }
    }

    private static func text(_ path: String) -> String? {
        (try? String(contentsOfFile: path, encoding: .utf8))?.trimmingCharacters(in: .whitespacesAndNewlines)
    }
}
