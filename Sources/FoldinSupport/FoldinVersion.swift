/// The version that a program was built from.
public enum FoldinVersion {
    /// The number of the release; in a working copy, of the next one.
    public static let number = "0.1.0"

    // `git archive` puts the commit here (.gitattributes), so that a build from a source archive knows it without git.
    private static let commitOfArchive = "$Format:%H$"

    /// The version for people: `0.1.0 (commit 0123456789ab)` in a build from a source archive, as releases are, and `0.1.0-dev` in a
    /// build from a working copy.
    public static let text = text(commit: commitOfArchive)

    /// A commit that is no hexadecimal number is the placeholder of a working copy.
    static func text(commit: String) -> String {
        commit.isEmpty || commit.contains { !$0.isHexDigit } ? number + "-dev" : "\(number) (commit \(commit.prefix(12)))"
    }
}
