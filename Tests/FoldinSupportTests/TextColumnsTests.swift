import Testing

@testable import FoldinSupport

@Suite("Text for terminals of a width") struct TextColumnsTests {
    @Test func columnsThatDoNotFitFollowBelow() {
        let columns = [["model", "ease"], ["ndcg", "0.4"], ["recall", "0.35"], ["seconds", "1"]]
        #expect(TextColumns.lines(columns, width: 80) == ["model  ndcg  recall  seconds", "ease   0.4   0.35    1"])
        #expect(
            TextColumns.lines(columns, width: 20) == [
                "model  ndcg  recall", "ease   0.4   0.35", "", "model  seconds", "ease   1",
            ])
        // A column that is too wide stands alone beside the first.
        #expect(TextColumns.lines([["a"], ["bbbbbbbb"], ["c"]], width: 4) == ["a  bbbbbbbb", "", "a  c"])
    }

    @Test func tablesWithOneColumnOrNone() {
        #expect(TextColumns.lines([], width: 80).isEmpty && TextColumns.lines([["a", "b"]], width: 80) == ["a", "b"])
    }

    @Test func sentencesAreWrapped() {
        #expect(TextColumns.wrapped("ease: keep 0, lambda 500", width: 80) == "ease: keep 0, lambda 500")
        #expect(TextColumns.wrapped("ease: keep 0, lambda 500", width: 13) == "ease: keep 0,\n  lambda 500")
        #expect(TextColumns.wrapped("averylongword", width: 5) == "averylongword" && TextColumns.wrapped("", width: 5) == "")
    }

    @Test func aLineIsCutToTheColumnsOfATerminal() {
        #expect(ProgressText.cut("epoch 1/200", toColumns: 80) == "epoch 1/200")
        #expect(ProgressText.cut("epoch 1/200", toColumns: 5) == "epoch" && ProgressText.cut("epoch", toColumns: 0) == "")
        // Each of these takes two columns.
        #expect(ProgressText.cut("映画🎬é", toColumns: 5) == "映画" && ProgressText.cut("映画🎬é", toColumns: 7) == "映画🎬é")
    }
}
