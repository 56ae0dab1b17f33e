/// One option of a training: its name, and the way between its text and its place in the plan.
struct PlanOption: Sendable {
    /// The long flag without its dashes.
    let name: String
    /// What it is for, in a sentence or two.
    let help: String
    /// What a value must be, for messages.
    let expected: String
    /// Puts a value where it belongs; false if it cannot be.
    let read: @Sendable (_ text: String, inout TrainingPlan) -> Bool
    /// The value as `read` takes it.
    let write: @Sendable (TrainingPlan) -> String

    init<Value: PlanValue>(
        _ name: String, _ path: WritableKeyPath<TrainingPlan, Value> & Sendable, from least: Value? = nil, _ help: String
    ) where Value: Comparable {
        self.init(name, path, help, least.map { "\(Value.expected) from \($0.planText)" }) { value in
            least.map { value >= $0 } ?? true
        }
    }

    init<Value: PlanValue>(_ name: String, _ path: WritableKeyPath<TrainingPlan, Value> & Sendable, _ help: String) {
        self.init(name, path, help, nil) { _ in true }
    }

    private init<Value: PlanValue>(
        _ name: String, _ path: WritableKeyPath<TrainingPlan, Value> & Sendable, _ help: String, _ expected: String?,
        _ isPossible: @escaping @Sendable (Value) -> Bool
    ) {
        self.name = name
        self.help = help
        self.expected = expected ?? Value.expected
        read = { text, plan in
            guard let value = Value(planText: text), isPossible(value) else { return false }
            plan[keyPath: path] = value
            return true
        }
        write = { $0[keyPath: path].planText }
    }
}
