import ArgumentParser
import Foldin
import Foundation

/// `foldin similar`: items similar to an item.
struct SimilarCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "similar", abstract: "Show the items most similar to an item.",
        discussion: "Items with equal scores are in the order of their index: of first appearance in the training data.")

    @Argument(help: ArgumentHelp("A model file.", valueName: "model"), completion: .file(extensions: ["safetensors"]))
    var model: String
    @Option(
        parsing: .unconditional, help: ArgumentHelp("The item's id; blanks and commas are part of it.", valueName: "id"))
    var item: String
    @Option(help: "How many items to show.") var top = 10
    @OptionGroup var work: WorkerOptions
    @Flag(help: "Print one JSON document.") var json = false

    func validate() throws {
        if top < 1 { throw ValidationError("--top: found \(top); expected at least 1") }
    }

    func run() throws {
        let trained = try TrainedModel(contentsOf: model)
        try trained.checkScores(file: model, workers: work.workers)
        let items = try Recommender(trained, workers: work.workers).similar(top, to: item)
        if items.isEmpty { Console.note("the model has no items similar to this one") }
        if items.areAllEqual { Console.note(RecommendationText.equalScores) }
        if json { return try Console.json(items) }
        if !items.isEmpty { try Console.result(RecommendationText.table(items)) }
    }
}
