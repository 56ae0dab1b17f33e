"""The algorithm of RecPack, and RecPack's figures against Foldin's."""

import numpy as np
import pytest

pytest.importorskip("recpack")

import foldin  # noqa: E402
import pandas as pd  # noqa: E402
from foldin.adapters import recpack as adapter  # noqa: E402
from foldin.adapters.recpack import Foldin  # noqa: E402
from recpack.algorithms import EASE  # noqa: E402
from recpack.matrix import InteractionMatrix  # noqa: E402
from recpack.metrics import NDCGK  # noqa: E402
from recpack.pipelines import ALGORITHM_REGISTRY, GridSearchInfo, PipelineBuilder  # noqa: E402
from recpack.util import get_top_K_ranks  # noqa: E402

ALGORITHM_REGISTRY.register("Foldin", Foldin)
SMALL = {"latent": 8, "hidden": (16,), "epochs": 20, "batch_size": 25, "learning_rate": 0.01}
# Popularity has ties, and a sparse EASE scores of 0 between positive and negative ones.
MODELS = [foldin.EASE(lambda_=50), foldin.EASE(lambda_=50, keep=3), foldin.MultVAE(**SMALL), foldin.Popularity()]


def interactions(X):
    users, items = X.nonzero()
    return InteractionMatrix(pd.DataFrame({"user": users, "item": items}), "item", "user", shape=X.shape)


def ranked(values, k):
    """The columns of the k highest entries of each row, -1 where there are fewer."""
    lists = np.full((values.shape[0], k), -1)
    ranks = get_top_K_ranks(values, k).tocoo()
    lists[ranks.row, ranks.data - 1] = ranks.col
    return lists


@pytest.mark.parametrize("model", MODELS, ids=repr)
def test_predictions_and_ndcg_are_those_of_foldin(clicks, model, monkeypatch):
    known, held_out = clicks
    monkeypatch.setattr(adapter, "_USERS_PER_BLOCK", 70)
    fitted = type(model)(**model.get_params()).fit(known)
    predictions = Foldin(model, predict_topK=20).fit(known).predict(known)
    assert (ranked(predictions, 20) == fitted.recommend(known, n=20, exclude_seen=False)).all()
    unseen = predictions - predictions.multiply(known)
    assert (ranked(unseen, 20) == fitted.recommend(known, n=20)).all()
    metric = NDCGK(20)
    metric.calculate(held_out, unseen)
    assert metric.value == pytest.approx(fitted.evaluate(known, held_out, ["ndcg@20"])["ndcg@20"], abs=1e-9)


def test_few_items_and_no_users(clicks):
    known, _ = clicks
    algorithm = Foldin("ease", predict_topK=500).fit(known)
    assert (np.diff(algorithm.predict(known).indptr) == 90).all()
    assert (np.diff(algorithm.predict(rows(known, 0, 5)).indptr) == [90] * 5 + [0] * 295).all()
    assert algorithm.predict(known * 0).nnz == 0


def test_the_lists_of_ease_are_those_of_recpack(clicks):
    known, _ = clicks
    found, expected = (algorithm.fit(known).predict(known) for algorithm in (Foldin("ease", lambda_=50), EASE(l2=50)))
    assert (ranked(found, 10) == ranked(expected, 10)).all()


def rows(X, start, end):
    """The matrix without the clicks of other users."""
    users = np.arange(X.shape[0])
    return X.multiply((start <= users)[:, None] & (users < end)[:, None]).tocsr()


@pytest.mark.parametrize("removes", [True, False])
def test_a_pipeline_searches_and_evaluates(clicks, removes):
    known, held_out = clicks
    train, test = rows(known, 0, 200), (rows(known, 200, 300), rows(held_out, 200, 300))
    first, validation = rows(known, 0, 100), (rows(known, 100, 200), rows(held_out, 100, 200))
    builder = PipelineBuilder()
    builder.set_full_training_data(interactions(train))
    builder.set_validation_training_data(interactions(first))
    builder.set_validation_data(tuple(interactions(part) for part in validation))
    builder.set_test_data(tuple(interactions(part) for part in test))
    builder.remove_history = removes
    builder.set_optimisation_metric("NDCGK", K=20)
    builder.add_metric("NDCGK", K=20)
    grid = {"lambda_": [1, 50]}
    builder.add_algorithm("Foldin", params={"model": foldin.EASE(threads=1), "predict_topK": 20}, optimisation_info=GridSearchInfo(grid))
    network = foldin.MultVAE(**SMALL)
    builder.add_algorithm("Foldin", params={"model": network})
    pipeline = builder.build()
    pipeline.run()

    found = pipeline.get_metrics()["NDCGK_20"].astype(float)
    scores = [foldin.EASE(lambda_=value).fit(first).evaluate(*validation, ["ndcg@20"])["ndcg@20"] for value in grid["lambda_"]]
    best = grid["lambda_"][int(np.argmax(scores))]
    names = [f"Foldin(model=EASE(lambda_={best}, threads=1),predict_topK=20)", f"Foldin(model={network},predict_topK=1000)"]
    if removes:
        assert pipeline.optimisation_results["NDCGK_20"].astype(float).tolist() == pytest.approx(scores, abs=1e-9)
        for name, model in zip(names, (foldin.EASE(lambda_=best), network)):
            assert found[name] == pytest.approx(model.fit(known[:200]).evaluate(*test, ["ndcg@20"])["ndcg@20"], abs=1e-9)
    else:
        assert len(found) == 2


def test_names_that_do_not_exist_are_refused():
    with pytest.raises(ValueError, match="'eas'"):
        Foldin("eas")
    with pytest.raises(ValueError, match="lamda"):
        Foldin("ease", lamda=1)
