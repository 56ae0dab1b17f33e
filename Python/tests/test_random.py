"""Random inputs: each call succeeds or raises ValueError with what was found. FOLDIN_EXAMPLES: how many of each kind, 200 by default.

Scripts/sanitize-python.sh runs them under the address sanitizer.
"""

import ctypes
import os

import foldin
import foldin.models
import numpy as np
import pytest
import scipy.sparse as sp
from foldin import _library
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

EXAMPLES = settings(
    max_examples=int(os.environ.get("FOLDIN_EXAMPLES", "200")), deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
X = sp.random(60, 20, density=0.2, format="csr", random_state=1)
FITTED = [
    foldin.MultVAE(latent=4, hidden=(8,), epochs=1).fit(X), foldin.ItemKNN().fit(X), foldin.EASE().fit(X), foldin.ELSA(epochs=1).fit(X),
]  # fmt: skip

NUMBERS = st.one_of(
    st.integers(-3, 25), st.sampled_from([2**31 - 1, 2**31, -(2**31), 2**63 - 1, -(2**63), 10**9]),
    st.floats(allow_nan=True, allow_infinity=True, width=32),
)  # fmt: skip
TYPES = st.sampled_from([np.int8, np.int32, np.int64, np.uint8, np.uint64, np.float32, np.float64, np.bool_, np.complex64, object, "U3", "M8[s]"])


def attempt(work):
    """The result of `work`, or None if it refused with a message."""
    try:
        return work()
    except ValueError as error:
        assert any(word in str(error) for word in ("found", "expected", "diverged")), error
        return None


@st.composite
def array(draw, dimensions=2):
    shape = draw(hnp.array_shapes(min_dims=0, max_dims=dimensions, min_side=0, max_side=22))
    values = draw(st.lists(NUMBERS, min_size=1, max_size=12))
    with np.errstate(all="ignore"):
        try:
            return np.resize(np.array(values, dtype=object), shape).astype(draw(TYPES))
        except (TypeError, ValueError, OverflowError):
            return np.resize(np.array([0, 1, 2]), shape)


@st.composite
def matrix(draw):
    kind = draw(st.integers(0, 5))
    if kind == 0:
        return draw(array())
    if kind == 1:
        return tuple(draw(array(1)) for _ in range(draw(st.integers(0, 4))))
    if kind == 2:
        return draw(st.sampled_from([None, "x", 3, [], [1], [[1], [2, 3]], {}, b"x", [["a"]], [None]]))
    rows, columns = draw(st.integers(0, 30)), draw(st.sampled_from([20, 20, 20, 0, 1, 19, 21]))
    made = sp.random(rows, columns, density=draw(st.sampled_from([0.0, 0.1, 1.0])), format="csr", random_state=draw(st.integers(0, 9)))
    made = made.astype(draw(st.sampled_from([np.float32, np.float64, np.int64, np.int8])))
    if made.nnz and draw(st.booleans()):
        made.data[0] = draw(st.sampled_from([-1, 0, 100]) if made.dtype.kind == "i" else st.sampled_from([np.nan, np.inf, -1.0, 0.0, 1e30]))
    return made.asformat(draw(st.sampled_from(["csr", "csc", "coo", "lil"])))


@EXAMPLES
@given(matrix(), st.one_of(st.none(), st.tuples(matrix(), matrix())), st.sampled_from(range(3)))
def test_any_matrix_is_fitted_or_refused(clicks, validation, kind):
    model = [foldin.ItemKNN(), foldin.MultVAE(latent=2, hidden=(), epochs=1), foldin.EASE()][kind]
    fitted = attempt(lambda: model.fit(clicks, validation=validation))
    if fitted is not None:
        assert fitted.recommend(np.zeros((1, len(fitted.items_))), n=2).shape == (1, 2)


@EXAMPLES
@given(
    st.sampled_from(FITTED), matrix(), st.one_of(st.integers(-2, 40), NUMBERS), st.booleans(), st.one_of(st.none(), array(1), st.lists(NUMBERS, max_size=5)),
    st.one_of(st.none(), array(1), st.lists(NUMBERS, max_size=5)),
)  # fmt: skip
def test_any_question_is_answered_or_refused(model, clicks, n, seen, exclude, allow):
    found = attempt(lambda: model.recommend(clicks, n=n, exclude_seen=seen, exclude=exclude, allow=allow, return_scores=True))
    if found is not None:
        items, scores = found
        assert items.shape == scores.shape and items.shape[1] == n
    attempt(lambda: model.score(clicks))
    attempt(lambda: model.evaluate(clicks, clicks))
    if exclude is not None:
        attempt(lambda: model.similar(exclude, n=n))


@EXAMPLES
@given(st.sampled_from(foldin.models.all_models), st.data())
def test_any_parameters_are_used_or_refused(kind, data):
    model = kind()
    small = {"epochs": 1, "latent": 4, "hidden": (8,), "batch_size": 30}
    model.set_params(**{name: value for name, value in small.items() if name in model.get_params()})
    name = data.draw(st.sampled_from(sorted(model.get_params())))
    values = [-1, 0, 1, 3, 0.5, float("nan"), float("inf"), -0.5, "", "x", "none", None, True, (), (0,), (8, 8), [4], "1e400", object(), b"", 10**12]
    attempt(lambda: model.set_params(**{name: data.draw(st.sampled_from(values))}).fit(X))


@EXAMPLES
@given(st.data())
def test_any_table_is_prepared_or_refused(data):
    pa = pytest.importorskip("pyarrow")
    rows = data.draw(st.integers(0, 12))
    kinds = {
        pa.int8(): st.integers(-128, 127), pa.uint64(): st.integers(0, 2**64 - 1), pa.int64(): st.integers(-(2**63), 2**63 - 1), pa.int32(): st.integers(0, 4),
        pa.string(): st.text(max_size=3), pa.large_string(): st.text("ab", max_size=14), pa.string_view(): st.text("xyz\n ", max_size=20),
        pa.float64(): st.floats(), pa.float32(): st.floats(width=32), pa.bool_(): st.booleans(), pa.timestamp("us"): st.integers(-(2**62), 2**62),
        pa.date32(): st.integers(-(2**30), 2**30), pa.list_(pa.int8()): st.just([1]), pa.binary(): st.binary(max_size=3), pa.null(): st.none(),
        pa.dictionary(pa.int8(), pa.string()): st.sampled_from(["a", "b", "ccccccccccccccc"]),
    }  # fmt: skip
    columns = []
    for _ in range(data.draw(st.integers(0, 4))):
        kind, values = data.draw(st.sampled_from(list(kinds.items())))
        missing = data.draw(st.booleans())
        made = data.draw(st.lists(st.one_of(st.none(), values) if missing else values, min_size=rows, max_size=rows))
        column = pa.array(made, pa.int64()).cast(kind) if kind in (pa.timestamp("us"),) else pa.array(made, kind)
        columns.append(column)
    names = data.draw(st.lists(st.sampled_from(["user_id", "item_id", "rating", "time", "x"]), min_size=len(columns), max_size=len(columns)))
    table = pa.table(columns, names=names) if columns else pa.table({})
    cut = data.draw(st.integers(0, rows))
    table = pa.concat_tables([table.slice(0, cut), table.slice(cut)])
    options = data.draw(st.sampled_from([{}, {"split": "temporal"}, {"rating_above": 1.5}, {"split": "weak-generalization", "repeats": "max"}]))
    found = attempt(lambda: foldin.prepare(table, min_user_interactions=0, held_out_users=0, time=data.draw(st.sampled_from([None, "time"])), **options))
    if found is not None:
        assert found.train.shape[1] == len(found.items)


@EXAMPLES
@given(st.sampled_from(FITTED), st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 255)), min_size=1, max_size=4), st.booleans())
def test_any_model_file_is_read_or_refused(tmp_path_factory, model, changes, cuts):
    path = tmp_path_factory.getbasetemp() / "model.safetensors"
    model.save(path)
    data = bytearray(path.read_bytes())
    for place, value in changes:
        data[place % len(data)] = value
    path.write_bytes(data[: changes[0][0] % len(data)] if cuts else data)
    read = attempt(lambda: foldin.load(path))
    if read is not None:
        attempt(lambda: read.recommend(sp.csr_matrix((2, len(read.items_))), n=3))


@EXAMPLES
@given(st.lists(st.integers(-2, 8), min_size=1, max_size=6), st.lists(st.integers(-2, 25), min_size=8, max_size=8), st.integers(-1, 22))
def test_any_structure_of_c_is_read_or_refused(starts, indices, columns):
    starts, indices = np.array(starts, np.int64), np.array(indices, np.int32)
    structure = _library.Interactions(len(starts) - 1, columns, starts.ctypes.data, indices.ctypes.data)
    handle, error = ctypes.c_void_p(), ctypes.c_void_p()
    nothing = [None] * 4
    status = _library.library.foldin_dataset_create(ctypes.byref(structure), *nothing, None, None, ctypes.byref(handle), ctypes.byref(error))
    assert status in (0, 64, 65) and (status == 0) == bool(handle)
    assert ("found" in _library.text(error)) == (status != 0)
    _library.library.foldin_dataset_free(handle)
