#if Experiments
import FoldinTestSupport
import Testing

@testable import FoldinExperiments

@Suite("Figures") struct FigureTests {
    @Test("equal curves of beta are one line, others a line each") func drawsDistinctBetas() throws {
        let folder = try TemporaryFolder()
        func lines(_ options: String, _ name: String) throws -> (Int, String) {
            let text = SmallSweep.base + "[[runs]]\nlatent = 3\n\n[[runs]]\nlatent = 4\n\(options)\n"
            let results = try SmallSweep.run(text, in: folder, name).results
            let figure = try #require(results.figures.first { $0.name == "annealing" })
            return (figure.script.ranges(of: "using 1:3 with lines").count, figure.caption)
        }
        let (equal, same) = try lines("", "equal")
        #expect(equal == 1 && same.hasSuffix("Beta is the same in all these runs."))
        // Stopped earlier, with the same growth: its curve is the beginning of the other one.
        let (prefix, _) = try lines("epochs = 2\nanneal-epochs = 4", "prefix")
        #expect(prefix == 1)
        let (different, others) = try lines("anneal-cap = 0.7", "different")
        #expect(different == 2 && !others.contains("Beta is the same"))
    }

    @Test("the legend has the best series first, and is above a file's diagram only") func ordersTheLegend() throws {
        let folder = try TemporaryFolder()
        let results = try SmallSweep.run(RankingTests.learnsLast, in: folder).results
        #expect(results.figures.count == 4)
        for figure in results.figures {
            #expect(figure.legend.first?.title.hasPrefix("Mult-DAE") ?? false || figure.name == "annealing")
            guard let gnuplot = try? Gnuplot() else { continue }
            let titles = figure.legend.map(\.title)
            let file = String(decoding: try gnuplot.draw(figure, as: .svg), as: UTF8.self)
            let page = String(decoding: try gnuplot.drawForPage(figure), as: UTF8.self)
            #expect(titles.allSatisfy(file.contains) && !titles.contains(where: page.contains), "\(figure.name)")
        }
    }

    @Test("an axis begins and ends at a tic, with as many digits as the tics need") func choosesTics() {
        #expect(Series.axis("y", [0.154, 0.347], tics: 5) == "set yrange [0.15:0.35]\nset ytics 0.05\nset format y '%.2f'\n")
        #expect(
            Series.axis("x", [0, 12], wholeNumbers: true, tics: 6)
                == "set xrange [0:12]\nset xtics 2\nset format x '%.0f'\n")
        #expect(Series.axis("x", [0, 1], wholeNumbers: true).contains("set xtics 1\n"))
        #expect(Series.axis("y", [5, 5, .nan]).contains("set yrange [4.5:5.5]"))
        #expect(Series.axis("y", [Double.nan]) == "")
    }
}
#endif
