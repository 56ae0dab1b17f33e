"""The recommender of Cornac, and Cornac's figures against Foldin's."""

import copy

import numpy as np
import pytest

pytest.importorskip("cornac")

import cornac  # noqa: E402
import foldin  # noqa: E402
from cornac.eval_methods import RatioSplit  # noqa: E402
from cornac.exception import ScoreException  # noqa: E402
from cornac.hyperopt import Discrete, GridSearch  # noqa: E402
from cornac.metrics import NDCG, RMSE, Recall  # noqa: E402
from foldin.adapters.cornac import Foldin  # noqa: E402

SMALL = {"latent": 8, "hidden": (16,), "epochs": 20, "batch_size": 25, "learning_rate": 0.01}
MODELS = [foldin.EASE(lambda_=50), foldin.MultVAE(**SMALL)]


@pytest.fixture
def split(clicks):
    users, items = (clicks[0] + clicks[1]).nonzero()
    ratings = [(f"user {user}", f"item {item}", 1.0) for user, item in zip(users, items)]
    return RatioSplit(ratings, test_size=0.2, val_size=0.1, exclude_unknowns=True, seed=1)


@pytest.fixture
def matrices(split):
    """The training, validation and test clicks [users, items]."""
    shape = split.train_set.num_users, split.train_set.num_items
    found = [part.csr_matrix.copy() for part in (split.train_set, split.val_set, split.test_set)]
    for part in found:
        part.resize(shape)
    return found


@pytest.mark.parametrize("model", MODELS, ids=repr)
def test_an_experiment_has_the_ndcg_of_foldin(split, matrices, model, tmp_path):
    train, validation, test = matrices
    experiment = cornac.Experiment(split, [Foldin(model)], [NDCG(k=20), Recall(k=20), RMSE()], save_dir=str(tmp_path))
    experiment.run()
    fitted = type(model)(**model.get_params()).fit(train, validation=(train, validation))
    found = experiment.val_result[0].metric_avg_results
    expected = fitted.evaluate(train, validation, ["ndcg@20", "recall-all@20"])
    assert found["NDCG@20"] == pytest.approx(expected["ndcg@20"], abs=1e-9)
    assert found["Recall@20"] == pytest.approx(expected["recall-all@20"], abs=1e-9)

    # On the test items Cornac removes the training items and the validation items, and the history is the training items.
    scores = np.where((train + validation).toarray() > 0, -np.inf, fitted.score(train))
    lists, hits = np.argsort(-scores, axis=1, kind="stable")[:, :20], test.toarray() > 0
    discounts = 1 / np.log2(np.arange(20) + 2)
    users = np.flatnonzero(hits.any(axis=1))
    gains = [hits[user, lists[user]] @ discounts / discounts[: hits[user].sum()].sum() for user in users]
    assert experiment.result[0].metric_avg_results["NDCG@20"] == pytest.approx(np.mean(gains), abs=1e-9)

    read = Foldin.load(str(tmp_path / type(model).__name__))
    assert (read.score(5) == fitted.score(train[5])[0]).all()
    # A model that is not trainable keeps what it learnt.
    assert (read.fit(split.train_set).score(5) == fitted.score(train[5])[0]).all()


def test_without_validation_items_the_ndcg_of_test_items_is_that_of_foldin(clicks):
    users, items = (clicks[0] + clicks[1]).nonzero()
    split = RatioSplit([(str(user), str(item), 1.0) for user, item in zip(users, items)], test_size=0.2, seed=2)
    result = split.evaluate(Foldin(foldin.EASE()), [NDCG(k=20)], user_based=True)[0]
    train, test = split.train_set.csr_matrix, split.test_set.csr_matrix.copy()
    test.resize(train.shape)
    expected = foldin.EASE().fit(train).evaluate(train, test, ["ndcg@20"])["ndcg@20"]
    assert result.metric_avg_results["NDCG@20"] == pytest.approx(expected, abs=1e-9)


def test_scores(split, matrices):
    recommender = Foldin("ease", name="linear").fit(split.train_set)
    scores = foldin.EASE().fit(matrices[0]).score(matrices[0][7])[0]
    assert (recommender.score(7) == scores).all() and recommender.score(7, 3) == scores[3] and recommender.name == "linear"
    for place in ((10**6,), (7, 10**6), (None,)):
        with pytest.raises(ScoreException):
            recommender.score(*place)
    assert (copy.deepcopy(recommender).score(7) == scores).all()
    seen = [recommender.item_ids[item] for item in matrices[0][7].indices]
    lists = recommender.recommend(recommender.user_ids[7], k=5, remove_seen=True, train_set=split.train_set)
    assert len(lists) == 5 and not set(seen) & set(lists)


def test_the_scores_of_ease_are_those_of_cornac(split):
    expected = cornac.models.EASE(lamb=50, posB=False, verbose=False).fit(split.train_set)
    recommender = Foldin(foldin.EASE(lambda_=50)).fit(split.train_set)
    for user in (3, 200):
        assert recommender.score(user) == pytest.approx(np.asarray(expected.score(user)).reshape(-1), abs=1e-5)


def test_a_search_finds_the_best_options(split, matrices):
    train, validation, _ = matrices
    values = [1, 50, 2_000]
    search = GridSearch(Foldin(foldin.EASE(threads=1)), [Discrete("lambda_", values)], NDCG(k=20), split)
    search.fit(split.train_set, split.val_set)
    scores = [foldin.EASE(lambda_=value).fit(train).evaluate(train, validation, ["ndcg@20"])["ndcg@20"] for value in values]
    assert search.best_params == {"lambda_": values[int(np.argmax(scores))]} and search.best_score == pytest.approx(max(scores), abs=1e-9)
    with pytest.raises(ValueError, match="lamda"):
        Foldin("ease").clone({"lamda": 1})
