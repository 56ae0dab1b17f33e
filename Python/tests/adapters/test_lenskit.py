"""The scorer of LensKit: LensKit's own tests of components, and LensKit's figures against Foldin's."""

import warnings

import numpy as np
import pytest

pytest.importorskip("lenskit")

import foldin  # noqa: E402
import pandas as pd  # noqa: E402
from foldin.adapters.lenskit import FoldinScorer  # noqa: E402
from lenskit import batch, recommend, topn_pipeline  # noqa: E402
from lenskit.data import ItemList, ItemListCollection, RecQuery, UserIDKey, from_interactions_df  # noqa: E402
from lenskit.knn import EASEScorer  # noqa: E402
from lenskit.metrics import NDCG, RunAnalysis  # noqa: E402
from lenskit.metrics.ranking import LogRankWeight  # noqa: E402
from lenskit.testing import BasicComponentTests, ScorerTests, ml_ds  # noqa: E402, F401
from lenskit.training import TrainingOptions  # noqa: E402

SMALL = {"latent": 8, "hidden": [16], "epochs": 20, "batch_size": 25, "learning_rate": 0.01}


# LensKit's tests read MovieLens through these fixtures.
@pytest.fixture(scope="session")
def ml_ratings():
    random = np.random.default_rng(1)
    groups = np.arange(160)[None, :] % 5 == random.integers(5, size=250)[:, None]
    users, items = np.nonzero(random.random((250, 160)) < np.where(groups, 0.5, 0.05) * random.uniform(0.3, 1, size=160))
    ratings = random.integers(1, 6, size=len(users)).astype(np.float32)
    times = pd.to_datetime(random.integers(10**9, 2 * 10**9, size=len(users)), unit="s")
    return pd.DataFrame({"user_id": users + 1, "item_id": items + 1, "rating": ratings, "timestamp": times})


@pytest.fixture(scope="session")
def ml_ds_unchecked(ml_ratings):
    return from_interactions_df(ml_ratings)


@pytest.fixture
def ml_100k(ml_ratings):
    return ml_ratings


@pytest.fixture
def rng():
    return np.random.default_rng(2)


class TestMultVAE(BasicComponentTests, ScorerTests):
    component = FoldinScorer
    config = FoldinScorer.validate_config({"model": "mult-vae", "options": SMALL})
    expected_ndcg = 0.2
    configs = [{"model": "ease", "options": {"lambda_": 3}}, {"model": "elsa", "options": {"latent": 8, "threads": 1}}]

    def verify_models_equivalent(self, orig, copy):
        assert orig.config == copy.config and orig.model.card_ == copy.model.card_


class TestEASE(BasicComponentTests, ScorerTests):
    component = FoldinScorer
    config = FoldinScorer.validate_config({"model": "ease"})
    configs = [{"model": "ease"}]
    expected_ndcg = 0.3


def frame(X):
    users, items = X.nonzero()
    return pd.DataFrame({"user_id": users + 1_000, "item_id": [f"item {item:02}" for item in items]})


@pytest.mark.parametrize("model", [foldin.EASE(lambda_=50), foldin.MultVAE(**SMALL)], ids=["EASE", "MultVAE"])
def test_lists_and_ndcg_are_those_of_foldin(clicks, model):
    known, held_out = clicks
    pipeline = topn_pipeline(FoldinScorer(model), n=20)
    pipeline.train(from_interactions_df(frame(known)))
    test = ItemListCollection.from_df(frame(held_out), UserIDKey)
    lists = batch.recommend(pipeline, test, n_jobs=1)

    # LensKit numbers items by their sorted ids, which here is the order of the columns.
    fitted = type(model)(**model.get_params()).fit(known)
    users = np.flatnonzero(held_out.getnnz(axis=1))
    expected = fitted.recommend(known[users], n=20)
    found = np.array([[int(name.split()[1]) for name in lists.lookup(user_id=user + 1_000).ids()] for user in users])
    assert (found == expected).all()

    analysis = RunAnalysis()
    analysis.add_metric(NDCG(n=20, weight=LogRankWeight(offset=1)))
    ndcg = analysis.measure(lists, test).list_summary().loc["NDCG@20", "mean"]
    assert ndcg == pytest.approx(fitted.evaluate(known, held_out, ["ndcg@20"])["ndcg@20"], abs=1e-9)


def test_the_query_is_the_history(clicks):
    known, _ = clicks
    pipeline = topn_pipeline(FoldinScorer(foldin.EASE()), n=5)
    pipeline.train(from_interactions_df(frame(known)))
    names = frame(known[5])["item_id"].tolist()
    of_user = recommend(pipeline, 1_005).ids().tolist()
    assert recommend(pipeline, ItemList(names)).ids().tolist() == of_user
    assert len(recommend(pipeline, -1)) == 0

    scorer, items = pipeline.component("scorer"), ItemList(["item 00", "new", "item 01"])
    scores = scorer(ItemList(names), items).scores()
    assert np.isfinite(scores).tolist() == [True, False, True]
    # An item that the model does not know changes nothing, nor does one that is there twice.
    assert np.array_equal(scorer(ItemList([*names, names[0], "new"]), items).scores(), scores, equal_nan=True)
    for query in (ItemList(["new"]), ItemList(), RecQuery(), 1_005):
        assert np.isnan(scorer(query, items).scores()).all()


def test_the_scores_of_ease_are_those_of_lenskit(clicks):
    data = from_interactions_df(frame(clicks[0]))
    scorers = FoldinScorer(foldin.EASE(lambda_=50)), EASEScorer(regularization=50)
    for scorer in scorers:
        scorer.train(data, TrainingOptions())
    for user in (1_003, 1_200):
        found, expected = (scorer(RecQuery(history_items=data.user_row(user)), ItemList.from_vocabulary(data.items)) for scorer in scorers)
        assert found.scores() == pytest.approx(expected.scores(), abs=1e-5)


def test_the_generator_gives_the_seed(clicks):
    data = from_interactions_df(frame(clicks[0]))
    seeds = []
    for rng in (1, 1, 2, None):
        scorer = FoldinScorer(foldin.MultVAE(**SMALL, seed=3))
        scorer.train(data, TrainingOptions(rng=rng))
        seeds.append(scorer.model.card_["options"]["seed"])
    assert seeds[0] == seeds[1] != seeds[2] and seeds[3] == "3"


def test_configuration():
    scorer = FoldinScorer(foldin.EASE(lambda_=3, threads=1))
    assert scorer.dump_config() == {"model": "ease", "options": {"lambda_": 3, "threads": 1}}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert FoldinScorer(model="ease").model.lambda_ == 500
    with pytest.raises(ValueError, match="'eas'"):
        FoldinScorer(model="eas")
    with pytest.raises(ValueError, match="lamda"):
        FoldinScorer(model="ease", options={"lamda": 1})
