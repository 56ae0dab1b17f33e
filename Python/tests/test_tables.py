"""Tables by Arrow's C stream interface, against the same rows in a file read by the command."""

import os
import subprocess

import foldin
import numpy as np
import pytest
from scipy.sparse import csr_matrix

pl = pytest.importorskip("polars")
FOLDIN = os.environ.get("FOLDIN_COMMAND")
RANDOM = np.random.default_rng(7)
ROWS = 4_000
USERS, ITEMS = RANDOM.integers(0, 300, ROWS), RANDOM.integers(0, 90, ROWS) * 37 + 1_000_000
TABLE = pl.DataFrame(
    {"user_id": USERS, "item_id": ITEMS, "rating": RANDOM.integers(1, 6, ROWS) / 1.0, "time": 1_300_000_000 + RANDOM.integers(0, 10**8, ROWS)}
)


def data(table, **options):
    return foldin.EASE().fit(foldin.prepare(table, **options)).card_["data"]


def forms():
    texts = TABLE.with_columns(pl.col("user_id").cast(pl.String), pl.col("item_id").cast(pl.String))
    yield "integers", TABLE
    yield "narrow integers", TABLE.with_columns(pl.col("user_id").cast(pl.UInt16), pl.col("item_id").cast(pl.Int32))
    yield "texts", texts
    yield "categories", texts.with_columns(pl.col("item_id").cast(pl.Categorical))
    yield "several batches", pl.concat([TABLE[:7], TABLE[7:7], TABLE[7:2_000], TABLE[2_000:]], rechunk=False)
    yield "a slice", pl.concat([TABLE[:5], TABLE])[5:]
    yield "other order", TABLE.select("rating", "time", "item_id", "user_id")
    pa = pytest.importorskip("pyarrow")
    yield "pyarrow", TABLE.to_arrow()
    yield "pyarrow's texts", texts.to_arrow().cast(pa.schema([("user_id", pa.string()), ("item_id", pa.large_string()), ("rating", pa.float64()), ("time", pa.int64())]))
    yield "pyarrow's dictionary", pa.table({"user_id": pa.array(USERS), "item_id": pa.array(ITEMS.astype(str)).dictionary_encode(), "rating": pa.array(TABLE["rating"].to_numpy())})


def test_all_forms_of_a_table_are_the_same():
    expected = data(TABLE, rating_above=2.5)
    for name, form in forms():
        assert data(form, rating_above=2.5) == expected, name


@pytest.mark.skipif(FOLDIN is None, reason="FOLDIN_COMMAND names the command")
@pytest.mark.parametrize(
    "options", [{}, {"rating_above": 3.0}, {"split": "weak-generalization"}, {"split": "leave-last-out", "time": "time"}, {"split": "temporal", "time": "time"}, {"repeats": "max", "held_out_users": 40}]
)
def test_the_directory_is_that_of_the_command(options, tmp_path):
    TABLE.write_csv(tmp_path / "ratings.csv")
    flags = [part for name, value in options.items() if name != "time" for part in ("--" + name.replace("_", "-"), str(value))]
    subprocess.run([FOLDIN, "prepare", tmp_path / "ratings.csv", "--out", tmp_path / "command", *flags], check=True, capture_output=True)
    foldin.prepare(TABLE, **options, out=tmp_path / "table")
    for file in sorted(os.listdir(tmp_path / "command")):
        if file != "prepare.json":  # which names the file
            assert (tmp_path / "table" / file).read_bytes() == (tmp_path / "command" / file).read_bytes(), file


def test_a_table_is_fitted_and_ids_are_its_own():
    model = foldin.MultVAE(latent=8, hidden=(16,), epochs=2).fit(TABLE)
    assert set(model.items_) == set(ITEMS)
    lists = model.recommend([[int(ITEMS[0]), int(ITEMS[1])]], n=3)
    assert set(lists[0]) <= set(ITEMS)
    named = foldin.EASE().fit(pl.DataFrame({"customer": ["a", "b", "a"], "sku": ["x", "x", "é,1"]}))
    assert list(named.items_) == ["x", "é,1"] and named.recommend([["x"]], n=1)[0, 0] == "é,1"


def test_a_table_of_histories_gets_the_lists_of_its_users():
    model = foldin.EASE().fit(TABLE)
    histories = foldin.Histories(TABLE.head(500).vstack(TABLE.head(1).with_columns(item_id=pl.lit(5, pl.Int64))))
    assert list(histories.users) == sorted(set(USERS[:500]))
    lists = model.recommend(histories, n=5)
    expected = model.recommend([ITEMS[:500][USERS[:500] == user] for user in histories.users], n=5)
    assert (lists == expected).all() and (model.recommend(TABLE.head(500), n=5) == expected).all()
    columns = {item: place for place, item in enumerate(model.items_)}
    clicks = (np.searchsorted(histories.users, USERS[:500]), np.array([columns[item] for item in ITEMS[:500]]))
    assert (model.items_[model.recommend(clicks + (np.ones(500),), n=5)] == expected).all()


def test_the_parts_of_a_dataset_are_matrices_with_ids(tmp_path):
    data = foldin.prepare(TABLE, rating_above=2.0, held_out_users=30, out=tmp_path / "prepared")
    kept = TABLE.filter(pl.col("rating") > 2.0)
    rows = {user: set(part["item_id"]) for (user,), part in kept.group_by("user_id")}
    known, held_out = data.validation
    assert known.shape == held_out.shape == (30, len(data.items)) and data.test[0].shape == known.shape
    for users, matrix in ((data.train_users, data.train), (data.validation_users, known + held_out)):
        assert len(users) == matrix.shape[0]
        for user, row in zip(users, matrix):
            assert set(data.items[row.indices]) == rows[user] & set(data.items)
    opened = foldin.Dataset.open(tmp_path / "prepared")
    for name in ("train", "validation", "test"):
        first, second = getattr(data, name), getattr(opened, name)
        for a, b in zip(first, second) if isinstance(first, tuple) else [(first, second)]:
            assert (a != b).nnz == 0, name
    assert (opened.items == data.items).all() and (opened.test_users == data.test_users).all()
    model = foldin.EASE().fit(data)
    known, held_out = data.test
    assert model.evaluate(data) == model.evaluate(known, held_out)
    assert data.counts["rows"] == ROWS and data.counts["items"] == len(data.items) and opened.counts == data.counts
    assert model.evaluate(known, held_out)["ndcg@100"] == pytest.approx(model.card_["metrics"]["test ndcg@100"], abs=1e-12)
    assert foldin.Dataset.of(data.train).validation is None


def test_titles_of_a_table_are_kept(tmp_path):
    titles = {int(item): f"Title {item}" for item in set(ITEMS)} | {-1: "unknown"}
    data = foldin.prepare(TABLE, titles=titles, out=tmp_path / "prepared")
    model = foldin.EASE().fit(data)
    assert list(model.titles_) == [f"Title {item}" for item in model.items_]
    assert list(foldin.EASE().fit(foldin.Dataset.open(tmp_path / "prepared")).titles_) == list(model.titles_)


def test_split_makes_the_draws_of_the_reference():
    """The procedure of the authors' notebook, with NumPy's generator."""
    clicks = csr_matrix((np.ones(ROWS), (USERS, (ITEMS - 1_000_000) // 37)), shape=(302, 95))
    clicks.data[:] = 1
    users = np.nonzero(np.diff(clicks.indptr))[0]
    random = np.random.RandomState(98_765)
    order = users[random.permutation(len(users))]
    train, validation, test = order[:-80], order[-80:-40], order[-40:]
    found, found_validation, found_test, rows = foldin.split(clicks, held_out_users=40)
    assert [list(part) for part in rows] == [list(train), list(validation), list(test)]
    assert found.shape == (len(train), 95) and (found != clicks[train]).nnz == 0
    trained = set(clicks[train].indices)
    for part, (known, held_out) in ((validation, found_validation), (test, found_test)):
        random = np.random.RandomState(98_765)
        # A user's items are in the order of the rows, here that of the columns.
        for row in np.argsort(part):
            user = part[row]
            items = np.array([item for item in np.sort(clicks[user].indices) if item in trained])
            taken = np.zeros(len(items), bool)
            if len(items) >= 5:
                taken[random.choice(len(items), size=int(0.2 * len(items)), replace=False)] = True
            assert list(held_out[row].indices) == list(items[taken]), (row, user)
            assert list(known[row].indices) == list(items[~taken])
    assert foldin.split(clicks, held_out_users=0)[1:3] == (None, None)
    with pytest.raises(ValueError, match="held-out users"):
        foldin.split(clicks, held_out_users=400)


@pytest.mark.parametrize(
    "table, found",
    [
        (pl.DataFrame({"user_id": [1, None], "item_id": [1, 2]}), "table:2: found nothing; expected a user id"),
        (pl.DataFrame({"user_id": ["a", ""], "item_id": [1, 2]}), "table:2: found nothing; expected a user id"),
        (pl.DataFrame({"user_id": [1, 2], "item_id": [1, 2], "rating": [1.0, float("nan")]}), "table:2: found no rating"),
        (pl.DataFrame({"user_id": [1, 2], "item_id": [1, 2], "rating": [1.0, None]}), "table:2: found no rating"),
        (pl.DataFrame({"user_id": [1.5, 2], "item_id": [1, 2]}), 'type "g"'),
        (pl.DataFrame({"user_id": [1, 2], "rating": [1, 2]}), "expected a column that is known to have items"),
        (pl.DataFrame({"user_id": [], "item_id": []}, schema={"user_id": pl.Int64, "item_id": pl.Int64}), "without rows"),
        (pl.DataFrame({"user_id": [[1]], "item_id": [1]}), 'type "+L"'),
        (pl.Series([1, 2]), "found an array"),
    ],
)  # fmt: skip
def test_what_is_not_valid_is_a_value_error_with_its_row(table, found):
    with pytest.raises(ValueError) as error:
        foldin.EASE().fit(table)
    assert found in str(error.value)


def test_a_column_that_is_not_there_is_named():
    with pytest.raises(ValueError, match='no column "x" for items'):
        foldin.prepare(TABLE, item="x")
