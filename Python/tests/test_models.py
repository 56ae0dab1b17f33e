"""The package against the command and the conventions of scikit-learn, and what it refuses."""

import os
import pickle
import subprocess
import threading

import foldin
import foldin.models
import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

FOLDIN = os.environ.get("FOLDIN_COMMAND")
X = sp.random(300, 80, density=0.1, format="csr", random_state=1)
SMALL = {"latent": 8, "hidden": (16,), "epochs": 3, "batch_size": 100, "seed": 3}


@pytest.fixture(scope="module")
def model():
    return foldin.MultVAE(**SMALL).fit(X)


@pytest.mark.parametrize("kind", foldin.models.all_models, ids=lambda kind: kind.__name__)
def test_every_model_fits_recommends_and_is_read_back(kind, tmp_path):
    parameters = {name: value for name, value in SMALL.items() if name in kind._names()}
    fitted = kind(**parameters).fit(X)
    items, scores = fitted.recommend(X, n=7, return_scores=True)
    assert items.shape == scores.shape == (300, 7) and (np.diff(scores, axis=1) <= 0).all()
    seen = X[np.arange(300).repeat(7), items.reshape(-1)]
    assert not seen.any()
    fitted.save(tmp_path / "model.safetensors")
    read = foldin.load(tmp_path / "model.safetensors")
    assert type(read) is kind and (read.score(X[:9]) == fitted.score(X[:9])).all()
    assert read.get_params()["threads"] is None
    copy = pickle.loads(pickle.dumps(fitted))
    assert (copy.recommend(X, n=7) == items).all() and copy.get_params() == fitted.get_params()


def test_lists_are_those_of_the_scores(model):
    scores = model.score(X)
    known = X.toarray() > 0
    expected = np.argsort(-np.where(known, -np.inf, scores), axis=1, kind="stable")[:, :5]
    assert (model.recommend(X, n=5) == expected).all()
    assert (model.recommend(X, n=5, exclude_seen=False) == np.argsort(-scores, axis=1, kind="stable")[:, :5]).all()
    allowed = [3, 4, 9]
    lists = model.recommend(X, n=5, exclude_seen=False, allow=allowed, exclude=[4])
    assert set(lists[:, :2].reshape(-1)) == {3, 9} and (lists[:, 2:] == -1).all()


def test_all_forms_of_clicks_are_the_same():
    dense = X.toarray()
    users, items = X.nonzero()
    order = np.random.default_rng(1).permutation(len(users))
    weights = np.ones(len(users))
    forms = [
        X, X.tocsc(), X.tocoo(), sp.csr_array(X), X.astype(bool), X.astype(np.float32), dense, dense > 0, (users, items),
        (users[order].astype(np.int16), items[order].astype(np.uint8), weights[order]),
    ]  # fmt: skip
    first = foldin.EASE().fit(forms[0]).card_["data"]
    for form in forms[1:]:
        assert foldin.EASE().fit(form).card_["data"] == first
    zeros = X.copy()
    zeros.data[::2] = 0
    kept = X.multiply(zeros > 0).tocsr()
    assert foldin.EASE().fit(zeros).card_["data"] == foldin.EASE().fit(kept).card_["data"]


def test_ids_in_and_ids_out():
    names = [f"item {number} é" for number in range(80)]
    fitted = foldin.MultVAE(**SMALL).fit(X, items=names)
    histories = [[names[1], names[2]], [], ["unknown"], [names[5], "unknown"]]
    lists = fitted.recommend(histories, n=4)
    assert lists.shape == (4, 4) and set(lists.reshape(-1)) <= set(names)
    assert names[1] not in lists[0] and list(lists[1]) == list(lists[2])
    numbers = foldin.MultVAE(**SMALL).fit(X, items=np.arange(80) + 1_000)
    assert numbers.recommend([[1_001, 1_002]], n=2)[0, 0] in numbers.items_


def test_validation_users_choose_the_epoch():
    known, held_out = X[:50].copy(), X[:50].copy()
    known.data[1::2] = 0
    held_out.data[::2] = 0
    epochs = []
    fitted = foldin.MultVAE(**SMALL | {"epochs": 6}).fit(X[50:], validation=(known, held_out), callback=epochs.append)
    assert epochs == fitted.history_ and len(epochs) == 6
    best = max(epochs, key=lambda epoch: epoch["validation"])
    assert abs(fitted.evaluate(known, held_out, ["ndcg@100"])["ndcg@100"] - best["validation"]) < 1e-12
    stopped = foldin.MultVAE(**SMALL | {"epochs": 50}).fit(X, callback=lambda epoch: epoch["epoch"] == 2)
    assert len(stopped.history_) == 2 and stopped.recommend(X, n=2).shape == (300, 2)
    with pytest.raises(ZeroDivisionError):
        foldin.MultVAE(**SMALL).fit(X, callback=lambda epoch: 1 // 0)


def test_scikit_learn_clones_and_searches():
    base = pytest.importorskip("sklearn.base")
    search = pytest.importorskip("sklearn.model_selection")
    copy = base.clone(foldin.EASE(lambda_=3.0))
    assert copy.lambda_ == 3.0 and repr(copy) == "EASE(lambda_=3.0)"

    def recall(fitted, clicks, _y=None):
        return fitted.evaluate(clicks, clicks[::-1], ["recall@20"])["recall@20"]

    grid = search.GridSearchCV(foldin.EASE(), {"lambda_": [10.0, 1000.0]}, scoring=recall, cv=3).fit(X)
    assert grid.best_params_["lambda_"] in (10.0, 1000.0)
    with pytest.raises(ValueError, match="lamda"):
        foldin.EASE().set_params(lamda=1)


@pytest.mark.skipif(FOLDIN is None, reason="FOLDIN_COMMAND names the command")
@pytest.mark.parametrize("name", ["mult-vae", "mult-dae", "rec-vae", "elsa", "ease", "item-knn"])
def test_the_file_is_that_of_the_command(name, tmp_path):
    ratings = tmp_path / "ratings.csv"
    run = [FOLDIN, "datasets", "make", "--users", "400", "--items", "90", "--mean-interactions", "20", "--out", ratings]
    subprocess.run(run, check=True, capture_output=True)
    subprocess.run([FOLDIN, "prepare", ratings, "--out", tmp_path / "data"], check=True, capture_output=True)
    kind = {kind.family: kind for kind in foldin.models.all_models}[name]
    parameters = {option: value for option, value in SMALL.items() if option in kind._names()}
    flags = [part for option, value in parameters.items() for part in ("--" + option.replace("_", "-"), foldin._recommender._option(value))]
    train = [FOLDIN, "train", tmp_path / "data", "--out", tmp_path / "run", "--model", name, *flags]
    subprocess.run(train, check=True, capture_output=True)
    fitted = kind(**parameters).fit(foldin.Dataset.open(tmp_path / "data"))
    fitted.save(tmp_path / "model.safetensors")
    assert (tmp_path / "model.safetensors").read_bytes() == (tmp_path / "run" / "model.safetensors").read_bytes()


@pytest.mark.parametrize(
    "wrong, found",
    [
        (X * np.nan, "not finite"), (-X, "found the value -"), (sp.csr_matrix((0, 5)), "no training"), (np.zeros((3, 4)), "no training"),
        ((np.array([0, -1]), np.array([1, 2])), "user -1"), ((np.array([0.5]), np.array([1])), "float64"), ("text", "found str"),
        ((np.array([0]), np.array([1]), np.array([1]), np.array([1])), "tuple of 4"), ((np.array([0]), np.array([1, 2])), "shape"),
        (np.zeros(3), "1 dimensions"), (X.astype(complex), "complex"), (None, "NoneType"), ((np.array([0]), np.array([2**40])), "item"), ((np.array([0]), np.array([2**31 - 2])), "large gaps"),
    ],
)  # fmt: skip
def test_what_is_not_valid_is_a_value_error(wrong, found):
    with pytest.raises(ValueError, match=found):
        foldin.EASE().fit(wrong)


def test_what_does_not_fit_the_model_is_a_value_error(model):
    for wrong in (X[:, :3], np.zeros((2, 81)), [["a"], "b"], [1, 2]):
        with pytest.raises(ValueError, match="found"):
            model.recommend(wrong)
    for arguments in ({"n": 0}, {"n": -1}, {"exclude": [80]}, {"allow": [-1]}, {"allow": [0.5]}):
        with pytest.raises(ValueError, match="found"):
            model.recommend(X, **arguments)
    with pytest.raises(ValueError, match="before fit"):
        foldin.EASE().recommend(X)
    with pytest.raises(ValueError, match="popularity"):
        foldin.Popularity().fit(X).similar([1])
    with pytest.raises(FileNotFoundError):
        foldin.load("/nowhere")
    with pytest.raises(ValueError, match="the same|different"):
        foldin.EASE().fit(X, items=["a"] * 80)
    with pytest.raises(ValueError, match="latent"):
        foldin.MultVAE(latent=0).fit(X)


ARRAYS = hnp.arrays(
    st.sampled_from([np.int8, np.int32, np.int64, np.uint16, np.float32, np.float64, bool, object]),
    hnp.array_shapes(min_dims=0, max_dims=3, max_side=6),
)


@settings(max_examples=int(os.environ.get("FOLDIN_EXAMPLES", "200")), deadline=None)
@given(st.one_of(ARRAYS, st.tuples(ARRAYS, ARRAYS), st.tuples(ARRAYS, ARRAYS, ARRAYS)))
def test_any_arrays_are_fitted_or_refused(clicks):
    try:
        fitted = foldin.ItemKNN().fit(clicks)
    except ValueError as error:
        assert "found" in str(error)
    else:
        assert fitted.recommend(clicks, n=2).shape[1] == 2


def test_threads_fit_at_once_and_give_the_same():
    expected = foldin.MultVAE(**SMALL).fit(X).score(X)
    results = {}

    def fit(number):
        results[number] = foldin.MultVAE(**SMALL, threads=1 + number).fit(X).score(X)

    threads = [threading.Thread(target=fit, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (results[0] == expected).all() and (results[1] == expected).all()


def test_a_child_after_fork_can_use_the_library(model):
    expected = model.score(X)
    child = os.fork()
    if child == 0:
        ok = (model.score(X) == expected).all() and (foldin.MultVAE(**SMALL).fit(X).score(X) == expected).all()
        os._exit(0 if ok else 1)
    assert os.waitpid(child, 0)[1] == 0


def test_ctrl_c_keeps_the_best_epoch():
    program = f"""
import foldin, os, signal, scipy.sparse as sp, threading
X = sp.random(300, 80, density=0.1, format="csr", random_state=1)
model = foldin.MultVAE(latent=8, hidden=(16,), epochs=1_000_000, patience=0, batch_size=100)
def stop(epoch):
    if epoch["epoch"] == 3: os.kill(os.getpid(), signal.SIGINT)
try:
    model.fit(X, callback=stop)
except KeyboardInterrupt:
    print("stopped", len(model.history_) >= 3, model.recommend(X, n=3).shape)
"""
    done = subprocess.run([os.sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == "stopped True (300, 3)", done


def test_memory_does_not_grow():
    def resident():
        with open("/proc/self/statm") as file:
            return int(file.read().split()[1]) * 4096

    def cycle():
        fitted = foldin.MultVAE(**SMALL).fit(X)
        fitted.recommend(X, n=5)
        del fitted

    for _ in range(20):
        cycle()
    before = resident()
    for _ in range(80):
        cycle()
    assert resident() - before < 4 << 20


def test_a_callback_runs_in_the_thread_that_called_fit():
    places = []
    model = foldin.MultVAE(latent=8, hidden=(16,), epochs=3)
    model.fit(X, callback=lambda epoch: places.append(threading.current_thread()))
    assert places == [threading.main_thread()] * 3
    other = threading.Thread(target=lambda: model.fit(X, callback=lambda epoch: places.append(threading.current_thread())))
    other.start()
    other.join()
    assert places[3:] == [other] * 3


def test_rows_without_clicks_are_no_users():
    model = foldin.MultVAE(latent=8, hidden=(16,), epochs=2).fit(X)
    gaps = sp.vstack([X[:10], sp.csr_matrix((50, X.shape[1])), X[10:]])
    assert (foldin.MultVAE(latent=8, hidden=(16,), epochs=2).fit(gaps).score(X) == model.score(X)).all()


def test_a_preset_gives_its_options_and_an_unknown_one_is_refused():
    model = foldin.MultVAE.preset("fast", seed=7)
    assert (model.epochs, model.batch_size, model.learning_rate_schedule, model.seed, model.latent) == (20, 125, "cosine", 7, 200)
    assert foldin.MultDAE.preset("liang-dae").family == "mult-dae"
    with pytest.raises(ValueError, match="found the preset 'liang-dae'; expected one of fast, liang-vae"):
        foldin.MultVAE.preset("liang-dae")
    with pytest.raises(ValueError, match="expected one of none"):
        foldin.EASE.preset("fast")


def test_the_history_has_what_the_command_writes():
    known, held_out = X[:50], X[50:100]
    model = foldin.MultVAE(**SMALL).fit(X[100:], validation=(known, held_out))
    assert [epoch["epoch"] for epoch in model.history_] == [1, 2, 3]
    for epoch in model.history_:
        assert epoch["loss"] == pytest.approx(epoch["negative_log_likelihood"] + epoch["beta"] * epoch["divergence"])
    best = max(model.history_, key=lambda epoch: epoch["validation"])
    assert model.best_epoch_ == best["epoch"] and best["metric"] == "ndcg@100"
    assert best["validation_loss"] == pytest.approx(model.card_["metrics"]["validation loss"])
    assert foldin.EASE().fit(X).best_epoch_ is None
    assert foldin.MultVAE(**SMALL).fit(X).history_[0]["validation"] is None


def test_values_of_users_have_the_means_of_the_evaluation():
    known, held_out = X[:50], X[50:100].tolil()
    held_out[3] = 0
    model = foldin.EASE().fit(X[100:])
    report = model.evaluate(known, held_out, ["ndcg@10", "recall@5"])
    users = model.evaluate(known, held_out, ["ndcg@10", "recall@5"], per_user=True)
    assert list(users["rows"]) == [row for row in range(50) if held_out.getnnz(axis=1)[row]]
    for name in ("ndcg@10", "recall@5"):
        assert users[name].mean() == pytest.approx(report[name], abs=1e-12)
        assert users[name].std(ddof=1) / np.sqrt(len(users[name])) == pytest.approx(report[name + "_se"], abs=1e-12)


def test_titles_and_columns():
    model = foldin.EASE().fit(X, items=[f"id {place}" for place in range(80)], titles=[None, "One"] + ["x"] * 78)
    assert list(model.titles_[:3]) == ["", "One", "x"] and list(model.columns(["id 2", "id 1", "no"])) == [2, 1, -1]
    assert foldin.EASE().fit(X).titles_ is None
