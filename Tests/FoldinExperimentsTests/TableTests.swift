#if Experiments
import FoldinExperiments
import Testing

@Suite("Tables") struct TableTests {
    static let table = Table(
        "t", columns: [.init("run"), .init("n|_", .number), .init("ndcg@100", .measure)],
        rows: [
            [.text("plain"), .number(3, digits: 0), .measure(0.25, error: 0.0123456, digits: 4)],
            [.text(SmallSweep.hostile), .number(1e-9, digits: 3), .measure(0.5, error: nil, digits: 4)],
            [.text("two\nlines, \"quoted\""), .missing, .missing],
        ])

    @Test func writesCSV() {
        #expect(
            Self.table.text(as: .csv) == """
                run,n|_,ndcg@100,ndcg@100_se
                plain,3,0.25,0.0123456
                "<script>alert(""x"")</script> & 'it', | 100% _a_ \\ $ ^ ~ {#} =1+1",1e-09,0.5,
                "two
                lines, ""quoted""\",,,

                """)
    }

    @Test func writesMarkdown() {
        #expect(
            Self.table.text(as: .markdown) == ##"""
                | run | n\|\_ | ndcg@100 |
                | --- | ---: | ---: |
                | plain | 3 | 0.2500 ± 0.0123 |
                | \<script\>alert("x")\</script\> & 'it', \| 100% \_a\_ \\ $ ^ ~ {\#} =1+1 | 1.0e-09 | 0.5000 |
                | two lines, "quoted" |  |  |

                """##)
    }

    @Test func writesLaTeX() {
        #expect(
            Self.table.text(as: .latex) == ##"""
                % needs \usepackage{booktabs}
                \begin{tabular}{lrr}
                \toprule
                run & n\textbar{}\_ & ndcg@100 \\
                \midrule
                plain & $3$ & $0.2500 \pm 0.0123$ \\
                \textless{}script\textgreater{}alert(\textquotedbl{}x\textquotedbl{})\textless{}/script\textgreater{} \& 'it', \textbar{} 100\% \_a\_ \textbackslash{} \$ \textasciicircum{} \textasciitilde{} \{\#\} =1+1 & $1.0e-09$ & $0.5000$ \\
                two lines, \textquotedbl{}quoted\textquotedbl{} &  &  \\
                \bottomrule
                \end{tabular}

                """##)
    }

    @Test func writesJSON() {
        #expect(
            Self.table.text(as: .json) == ##"""
                [
                  {"run": "plain", "n|_": 3, "ndcg@100": 0.25, "ndcg@100_se": 0.0123456},
                  {"run": "<script>alert(\"x\")</script> & 'it', | 100% _a_ \\ $ ^ ~ {#} =1+1", "n|_": 1e-09, "ndcg@100": 0.5, "ndcg@100_se": null},
                  {"run": "two\nlines, \"quoted\"", "n|_": null, "ndcg@100": null, "ndcg@100_se": null}
                ]

                """##)
    }
}
#endif
