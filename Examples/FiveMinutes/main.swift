import Foldin

// A rating above 3.5 counts as liked; a tenth of the people is held out for validation and another tenth for the test.
let dataset = try Ratings(contentsOf: "ratings.csv")
    .rated(above: 3.5)
    .keepingUsers(withAtLeast: 5)
    .split(.strongGeneralization(heldOutUsers: 0.1, heldOutItems: 0.2, seed: 98_765))

// The best epoch on the validation people is kept.
let trainer = Trainer(
    MultVAE(latent: 200, hidden: [600], dropout: 0.5),
    schedule: Schedule(epochs: 20, batchSize: 500, learningRate: 1e-3, annealing: .linear(to: 0.2, byFractionOfEpochs: 0.85)),
    seed: 98_765)
let model = try trainer.train(on: dataset) { epoch in print(epoch) }

print(try Evaluator([.ndcg(at: 100), .recall(at: 20), .recall(at: 50)]).evaluate(model, on: dataset.test))

// One file holds all that serving needs: weights, item ids, titles.
try model.save(to: "model.safetensors")
let recommender = Recommender(try TrainedModel(contentsOf: "model.safetensors"))
for recommendation in try recommender.recommend(10, havingLiked: ["1", "2", "3"]) {
    print(recommendation.title ?? recommendation.item, recommendation.score)
}
