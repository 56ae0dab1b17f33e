"""The recommender of irspack, and irspack's figures against Foldin's."""

import logging

import numpy as np
import pytest
import scipy.sparse as sp

pytest.importorskip("irspack")

import foldin  # noqa: E402
from foldin.adapters.irspack import FoldinConfig, FoldinRecommender  # noqa: E402
from irspack import DenseSLIMRecommender, Evaluator, EvaluatorWithColdUser, get_recommender_class  # noqa: E402

SMALL = {"latent": 8, "hidden": (16,), "epochs": 20, "batch_size": 25, "learning_rate": 0.01}
MODELS = [foldin.EASE(lambda_=50), foldin.MultVAE(**SMALL)]


@pytest.mark.parametrize("model", MODELS, ids=repr)
def test_ndcg_is_that_of_foldin(clicks, model):
    known, held_out = clicks
    fitted = type(model)(**model.get_params()).fit(known)
    recommender = FoldinRecommender(known, model).learn()
    assert (recommender.get_score(np.array([3, 1])) == fitted.score(known[[3, 1]])).all()
    found = Evaluator(held_out, cutoff=20, recall_with_cutoff=True, mb_size=70).get_score(recommender)
    expected = fitted.evaluate(known, held_out, ["ndcg@20", "recall@20", "hit-rate@20"])
    for name, other in (("ndcg", "ndcg@20"), ("recall", "recall@20"), ("hit", "hit-rate@20")):
        assert found[name] == pytest.approx(expected[other], abs=1e-9)


@pytest.mark.parametrize("model", MODELS, ids=repr)
def test_ndcg_of_users_who_are_not_in_the_training_data(clicks, model):
    known, held_out = clicks
    # As irspack's examples do it: rows without clicks for the users who are not trained on.
    train = sp.vstack([known[:200], sp.csr_matrix((100, 90))]).tocsr()
    recommender = FoldinRecommender(train, model).learn()
    found = EvaluatorWithColdUser(known[200:], held_out[200:], cutoff=20).get_score(recommender)
    fitted = type(model)(**model.get_params()).fit(known[:200])
    assert found["ndcg"] == pytest.approx(fitted.evaluate(known[200:], held_out[200:], ["ndcg@20"])["ndcg@20"], abs=1e-9)


def test_the_scores_of_ease_are_those_of_irspack(clicks):
    known, _ = clicks
    expected = DenseSLIMRecommender(known, reg=50).learn().get_score_block(0, 300)
    assert FoldinRecommender(known, "ease", lambda_=50).learn().get_score_block(0, 300) == pytest.approx(expected, abs=1e-5)


def test_configurations_and_names(clicks):
    known, _ = clicks
    recommender = FoldinRecommender.from_config(known, FoldinConfig(model="ease", lambda_=3))
    assert recommender.model.lambda_ == 3 and get_recommender_class("FoldinRecommender") is FoldinRecommender
    for wrong in ({"model": "eas"}, {"model": "ease", "lamda": 3}):
        with pytest.raises(ValueError, match="'eas'|lamda"):
            FoldinRecommender(known, **wrong)


def test_tune_finds_the_best_options(clicks):
    known, held_out = clicks
    quiet = logging.getLogger("quiet")
    quiet.setLevel(logging.WARNING)
    best, trials = FoldinRecommender.tune(
        known, Evaluator(held_out, cutoff=20), n_trials=4, tuning_random_seed=1, logger=quiet, model=foldin.EASE(threads=1),
        parameter_suggest_function=lambda trial: {"lambda_": trial.suggest_float("lambda_", 1, 1000, log=True)},
    )  # fmt: skip
    scores = [foldin.EASE(lambda_=value).fit(known).evaluate(known, held_out, ["ndcg@20"])["ndcg@20"] for value in trials["lambda_"]]
    assert trials["ndcg@20"].tolist() == pytest.approx(scores, abs=1e-9)
    assert best == {"lambda_": trials["lambda_"].iloc[int(np.argmax(scores))]}
