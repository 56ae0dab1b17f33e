import Testing

@testable import FoldinSupport

@Suite("Version") struct FoldinVersionTests {
    @Test func hasTheCommitOfASourceArchiveOnly() {
        let number = FoldinVersion.number
        #expect(FoldinVersion.text(commit: "0123456789abcdef0123456789abcdef01234567") == "\(number) (commit 0123456789ab)")
        #expect(FoldinVersion.text(commit: "$" + "Format:%H$") == number + "-dev")
        #expect(FoldinVersion.text(commit: "") == number + "-dev")
    }

    @Test func isANumberOfThreeParts() {
        let parts = FoldinVersion.number.split(separator: ".", omittingEmptySubsequences: false)
        #expect(parts.count == 3 && parts.allSatisfy { Int($0) != nil })
    }
}
