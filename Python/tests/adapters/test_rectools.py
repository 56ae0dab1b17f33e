"""The model of RecTools, and RecTools' figures against Foldin's."""

import numpy as np
import pytest
import scipy.sparse as sp

pytest.importorskip("rectools")

import foldin  # noqa: E402
import pandas as pd  # noqa: E402
from foldin.adapters import rectools as adapter  # noqa: E402
from foldin.adapters.rectools import FoldinModel  # noqa: E402
from rectools import Columns  # noqa: E402
from rectools.dataset import Dataset  # noqa: E402
from rectools.metrics import NDCG  # noqa: E402
from rectools.model_selection import RandomSplitter, cross_validate  # noqa: E402
from rectools.models import EASEModel, model_from_config  # noqa: E402

SMALL = {"latent": 8, "hidden": (16,), "epochs": 20, "batch_size": 25, "learning_rate": 0.01}
MODELS = [foldin.EASE(lambda_=50), foldin.MultVAE(**SMALL)]


def frame(X):
    users, items = X.nonzero()
    names = [f"item {item}" for item in items]
    return pd.DataFrame({Columns.User: users + 1_000, Columns.Item: names, Columns.Weight: 1.0, Columns.Datetime: "2026-01-01"})


@pytest.fixture(scope="module")
def dataset(clicks):
    return Dataset.construct(frame(clicks[0]))


@pytest.mark.parametrize("model", MODELS, ids=repr)
@pytest.mark.parametrize("filter_viewed", [True, False])
def test_lists_and_ndcg_are_those_of_foldin(clicks, dataset, model, filter_viewed):
    held_out = frame(clicks[1])
    users = held_out[Columns.User].unique()[::-1]
    lists = FoldinModel(model).fit(dataset).recommend(users, dataset, k=20, filter_viewed=filter_viewed)

    # RecTools numbers users and items in the order in which they first appear.
    known, rows = dataset.get_user_item_matrix(), dataset.user_id_map.convert_to_internal
    columns = dataset.item_id_map.convert_to_internal
    direct = type(model)(**model.get_params()).fit(known)
    items, scores = direct.recommend(known[rows(users)], n=20, exclude_seen=filter_viewed, return_scores=True)
    assert (lists[Columns.User].to_numpy() == users.repeat(20)).all()
    assert (columns(lists[Columns.Item]) == items.reshape(-1)).all()
    assert (lists[Columns.Score].to_numpy() == scores.reshape(-1)).all()

    if filter_viewed:
        places = rows(held_out[Columns.User]), columns(held_out[Columns.Item])
        test = sp.csr_matrix((np.ones(len(held_out)), places), shape=known.shape)
        found = NDCG(k=20, divide_by_achievable=True).calc(lists, held_out)
        assert found == pytest.approx(direct.evaluate(known, test, ["ndcg@20"])["ndcg@20"], abs=1e-9)


def test_only_some_items_and_fewer_than_k(dataset):
    model = FoldinModel("ease").fit(dataset)
    allowed = ["item 3", "item 14", "item 15", "nothing"]
    lists = model.recommend([1_000, 1_001], dataset, k=10, filter_viewed=False, items_to_recommend=allowed[:3])
    assert lists.groupby(Columns.User)[Columns.Item].apply(set).tolist() == [set(allowed[:3])] * 2
    assert lists[Columns.Rank].tolist() == [1, 2, 3] * 2
    lists = model.recommend([1_000], dataset, k=1_000, filter_viewed=True)
    seen = dataset.get_user_item_matrix()[dataset.user_id_map.convert_to_internal([1_000])[0]].nnz
    assert len(lists) == 90 - seen and lists[Columns.Item].is_unique
    with pytest.raises(ValueError, match="cold"):
        model.recommend([-1], dataset, k=3, filter_viewed=True)
    assert model.recommend([-1], dataset, k=3, filter_viewed=True, on_unsupported_targets="ignore").empty


@pytest.mark.parametrize("model", MODELS, ids=repr)
@pytest.mark.parametrize("filter_itself", [True, False])
def test_similar_items_are_those_of_foldin(dataset, model, filter_itself, monkeypatch):
    monkeypatch.setattr(adapter, "_TARGETS_PER_BLOCK", 2)
    fitted = FoldinModel(model).fit(dataset)
    targets = np.array(["item 4", "item 8", "item 3"])
    columns = dataset.item_id_map.convert_to_internal
    lists = fitted.recommend_to_items(targets, dataset, k=5, filter_itself=filter_itself)
    assert (lists[Columns.TargetItem].to_numpy() == targets.repeat(5)).all()
    assert (columns(lists[Columns.Item]) == fitted.model.similar(columns(targets), n=5).reshape(-1)).all()
    allowed = np.array(["item 1", "item 4", "item 9", "item 11"])
    lists = fitted.recommend_to_items(targets, dataset, k=2, items_to_recommend=allowed)
    for target, found in lists.groupby(Columns.TargetItem)[Columns.Item]:
        order = fitted.model.similar(columns([target]), n=90)[0]
        assert columns(found).tolist() == [item for item in order if item in columns(allowed)][:2]


@pytest.mark.parametrize("model", MODELS, ids=repr)
def test_configurations_and_files_keep_the_model(dataset, model, tmp_path):
    fitted = FoldinModel(model).fit(dataset)
    config = fitted.get_config(simple_types=True)
    assert config["cls"] == "foldin.adapters.rectools.FoldinModel" and config["model"] == model.family
    for made in (FoldinModel.from_config(config), model_from_config(config), FoldinModel.from_params(fitted.get_params())):
        assert made.get_config(simple_types=True) == config
        assert (made.fit(dataset).model.score(dataset.get_user_item_matrix()) == fitted.model.score(dataset.get_user_item_matrix())).all()
    fitted.save(tmp_path / "model")
    read = FoldinModel.load(tmp_path / "model")
    assert read.recommend([1_000], dataset, 5, True).equals(fitted.recommend([1_000], dataset, 5, True))
    with pytest.raises(ValueError, match="lamda"):
        FoldinModel("ease", {"lamda": 1})


def test_the_scores_of_ease_are_those_of_the_weights_of_rectools(dataset):
    # Not the lists: RecTools 0.19.0 multiplies the clicks by the transposed weights.
    known = dataset.get_user_item_matrix()
    expected = known @ EASEModel(50).fit(dataset).weight
    assert FoldinModel("ease", {"lambda_": 50}).fit(dataset).model.score(known) == pytest.approx(expected, abs=1e-5)


def test_cross_validation(dataset):
    models = {"EASE": FoldinModel(foldin.EASE(lambda_=50)), "popularity": FoldinModel("popularity")}
    metrics = {"ndcg": NDCG(k=20, divide_by_achievable=True)}
    folds = cross_validate(dataset, RandomSplitter(0.2, n_splits=2, random_state=1), metrics, models, k=20, filter_viewed=True)
    ndcg = pd.DataFrame(folds["metrics"]).groupby("model")["ndcg"].mean()
    assert ndcg["EASE"] > 1.2 * ndcg["popularity"] > 0
