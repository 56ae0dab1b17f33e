// swift-format-ignore-file: AlwaysUseLowerCamelCase

#if compiler(>=6.3)
import CFoldin
import Foldin
import Foundation

@c @implementation
public func foldin_models(
    _ json: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>!, _ error: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>!
) -> Int32 {
    status(error) { try given(json, "a place for the document").pointee = FoldinC.json(FamilyDescription.all) }
}

/// A model and its options, for `foldin_models`.
private struct FamilyDescription: Encodable {
    struct Option: Encodable {
        let name, help, `default`, values: String

        init(_ option: any OptionDeclaration) {
            (name, help, `default`, values) = (option.name, option.help, option.defaultText, option.syntax)
        }
    }

    let name, help: String
    let options: [Option]
    var presets: [String: [String: String]] = [:]

    static var all: [FamilyDescription] {
        NetworkFamily.all.map {
            let foreign = Set(NetworkFamily.all.flatMap(\.presets).map(\.name)).subtracting($0.presets.map(\.name))
            let presets = TrainingPreset.all.filter { !foreign.contains($0.name) }
            return FamilyDescription(
                name: $0.name, help: $0.help, options: TrainingPlan.options(of: $0).map(Option.init),
                presets: Dictionary(uniqueKeysWithValues: presets.map { ($0.name, $0.options) }))
        }
            + ClosedFormFamily.all.map { FamilyDescription(name: $0.name, help: $0.help, options: $0.options.map(Option.init)) }
    }
}

@c @implementation
public func foldin_train(
    _ dataset: OpaquePointer!, _ options: UnsafePointer<foldin_option>!, _ optionCount: Int64,
    _ control: UnsafePointer<foldin_control>!, _ model: UnsafeMutablePointer<OpaquePointer?>!,
    _ error: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>!
) -> Int32 {
    status(error) {
        let place = try given(model, "a place for the model")
        place.pointee = nil
        let dataset = try Handle<OpenDataset>.value(of: dataset, "a dataset").dataset
        let control = try Control(control)
        let plan = try AnyPlan(options, optionCount)
        let result = try plan.train(on: dataset, control)
        place.pointee = result.model.map { Handle.pointer(to: OpenModel($0)) }
        if let failure = result.failure { throw failure }
    }
}

/// The options of a network or of a closed-form model.
private enum AnyPlan {
    case network(TrainingPlan)
    case closedForm(BaselinePlan)

    /// Options of C; a network of the default family if none is named.
    init(_ options: UnsafePointer<foldin_option>?, _ number: Int64) throws {
        let texts = try optionTexts(options, number)
        let family = texts.last { $0.name == "model" }?.value
        if let family = family.flatMap(ClosedFormFamily.init(named:)) {
            var plan = BaselinePlan(family)
            for (name, value) in texts where name != "model" { try plan.set(name, to: value) }
            self = .closedForm(plan)
        } else {
            var plan = TrainingPlan()
            for (name, value) in texts where name == "preset" { try plan.apply(preset: value) }
            for (name, value) in texts where name != "preset" { try plan.set(name, to: value) }
            self = .network(plan)
        }
    }

    /// The model, and why it is not complete.
    func train(on dataset: PreparedDataset, _ control: Control) throws -> (model: TrainedModel?, failure: (any Error)?) {
        switch self {
        case .network(let plan): try Self.train(plan.trainer(workers: control.workers), on: dataset, control)
        case .closedForm(let plan): (try Self.train(plan.baseline, on: dataset, control), nil)
        }
    }

    private static func train(
        _ trainer: Trainer, on dataset: PreparedDataset, _ control: Control
    ) throws -> (model: TrainedModel?, failure: (any Error)?) {
        var control = control
        let epochs = Int32(clamping: trainer.schedule.epochs)
        let began = ContinuousClock.now
        let outcome = try trainer.run(
            on: dataset, isCancelled: { control.wantsToStop }, checkpointSeconds: .infinity,
            onStep: { epoch, fraction, _ in
                control.tell(
                    foldin_progress(
                        epoch: Int32(clamping: epoch), epochs: epochs, ended: 0, best: 0, fraction: fraction, loss: .nan,
                        validation: .nan, seconds: (ContinuousClock.now - began) / .seconds(1), report: nil))
            },
            progress: { epoch in
                let report = (try? JSONEncoder().encode(epoch)).map { String(decoding: $0, as: UTF8.self) } ?? "{}"
                report.withCString { report in
                    control.tell(
                        foldin_progress(
                            epoch: Int32(clamping: epoch.epoch), epochs: epochs, ended: 1, best: epoch.isBest ? 1 : 0,
                            fraction: 1,
                            loss: epoch.loss, validation: epoch.validation?.mean ?? .nan, seconds: epoch.seconds, report: report))
                }
            })
        if outcome.bestEpoch == 0 { return (nil, outcome.divergence ?? CancellationError()) }
        if let divergence = outcome.divergence { return (outcome.model, divergence) }
        if outcome.wasCancelled { return (outcome.model, CancellationError()) }
        var model = outcome.model
        let test = try Evaluator(workers: control.workers).evaluate(model, on: dataset.test, training: dataset.train)
        model.card.add(test, of: "test")
        return (model, nil)
    }

    private static func train(_ baseline: any Baseline, on dataset: PreparedDataset, _ control: Control) throws -> TrainedModel {
        var control = control
        let began = ContinuousClock.now
        var model = try baseline.train(
            on: dataset, workers: control.workers, isCancelled: { control.wantsToStop },
            progress: { fraction in
                control.tell(
                    foldin_progress(
                        epoch: 0, epochs: 0, ended: 0, best: 0, fraction: fraction, loss: .nan, validation: .nan,
                        seconds: (ContinuousClock.now - began) / .seconds(1), report: nil))
            })
        let evaluator = Evaluator(workers: control.workers)
        for (part, users) in [("validation", dataset.validation), ("test", dataset.test)] {
            model.card.add(try evaluator.evaluate(model, on: users, training: dataset.train), of: part)
        }
        return model
    }
}
#endif
