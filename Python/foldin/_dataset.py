"""Datasets for training."""

from __future__ import annotations

import ctypes
import json
import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from ._inputs import Matrix, matrix
from ._library import Columns, Stoppable, Texts, call, document, ids, library, options, texts

TRAIN, VALIDATION, TEST = 0, 1, 3


class Dataset:
    """Training users, and users for validation and test.

    `Dataset.open` reads what `foldin prepare` wrote; training on it with the same options gives the same file as `foldin train`.
    `foldin.prepare` makes one of a table.

    Attributes:
        items: the id of each column.
        train: clicks of the training users, a SciPy CSR matrix [users, items] of ones.
        validation, test: the known and the held-out items of other users, two matrices with the same rows; None without such users.
        train_users, validation_users, test_users: the id of each row; empty if the dataset was made of matrices.
        counts: how many rows, users and items there were and are left, as in prepare.json; empty if the dataset was made of matrices.
    """

    def __init__(self, handle: ctypes.c_void_p, items: Sequence[Any] | None) -> None:
        self._handle = handle
        self._items = items

    @classmethod
    def open(cls, directory: str | os.PathLike[str]) -> Dataset:
        """The dataset in a directory that `foldin prepare` wrote."""
        handle = ctypes.c_void_p()
        call("foldin_dataset_open", os.fsencode(directory), ctypes.byref(handle))
        return cls(handle, None)

    @classmethod
    def of(
        cls, train: Any, validation: tuple[Any, Any] | None = None, test: tuple[Any, Any] | None = None,
        items: Sequence[Any] | None = None, titles: Sequence[str | None] | None = None,
    ) -> Dataset:  # fmt: skip
        """A dataset of matrices of clicks.

        Args:
            train: the training users, [users, items]; see `Recommender.fit`. Rows without clicks are left out.
            validation: the known and the held-out items of other users, two matrices with the same rows.
            test: the same for test users.
            items: an id for each column; by default the column's number.
            titles: a title for each column, None where it is not known.
        """
        data = matrix(train, "the training matrix")
        pairs = [_pair(value, name, data.columns) for value, name in ((validation, "validation"), (test, "test"))]
        # What C reads must live until it has returned.
        kept: list[Any] = [data, pairs]
        names: list[Any] = []
        for values, kind in ((items, "items"), (titles, "titles")):
            if values is None:
                names.append(None)
                continue
            if len(values) != data.columns:
                raise ValueError(f"{kind}: found {len(values)}; expected {data.columns}, one for each column")
            structure, parts = texts(["" if value is None else str(value) for value in values])
            kept.append(parts)
            names.append(ctypes.byref(structure))
            kept.append(structure)
        handle = ctypes.c_void_p()
        call("foldin_dataset_create", data.pointer, *pairs[0][0], *pairs[1][0], *names, ctypes.byref(handle))
        return cls(handle, items)

    @property
    def items(self) -> np.ndarray:
        if self._items is not None:
            return np.asarray(self._items)
        found = Texts()
        call("foldin_dataset_items", self._handle, ctypes.byref(found))
        return ids(found)

    @property
    def counts(self) -> dict[str, int]:
        found: dict[str, int] = json.loads(document("foldin_dataset_describe", self._handle))["counts"]
        return found

    @property
    def train(self) -> Any:
        return self._part(TRAIN).scipy()

    @property
    def validation(self) -> tuple[Any, Any] | None:
        return self._pair(VALIDATION)

    @property
    def test(self) -> tuple[Any, Any] | None:
        return self._pair(TEST)

    @property
    def train_users(self) -> np.ndarray:
        return self._users(TRAIN)

    @property
    def validation_users(self) -> np.ndarray:
        return self._users(VALIDATION)

    @property
    def test_users(self) -> np.ndarray:
        return self._users(TEST)

    def _users(self, part: int) -> np.ndarray:
        found = Texts()
        call("foldin_dataset_users", self._handle, part, ctypes.byref(found))
        return ids(found)

    def _part(self, part: int) -> Matrix:
        rows, columns, clicks = ctypes.c_int64(), ctypes.c_int64(), ctypes.c_int64()
        call("foldin_dataset_size", self._handle, part, ctypes.byref(rows), ctypes.byref(columns), ctypes.byref(clicks))
        starts, indices = np.empty(rows.value + 1, np.int64), np.empty(clicks.value, np.int32)
        call("foldin_dataset_clicks", self._handle, part, starts.ctypes.data, indices.ctypes.data)
        return Matrix(starts, indices, columns.value)

    def _pair(self, part: int) -> tuple[Any, Any] | None:
        known, held_out = self._part(part), self._part(part + 1)
        return (known.scipy(), held_out.scipy()) if known.rows else None

    def __del__(self) -> None:
        handle, self._handle = getattr(self, "_handle", None), None
        if handle:
            library.foldin_dataset_free(handle)


def prepare(
    table: Any, *, user: str | None = None, item: str | None = None, rating: str | None = None, time: str | None = None,
    rating_above: float | None = None, min_user_interactions: int = 5, min_item_interactions: int = 0,
    repeats: str | None = None, split: str = "strong-generalization", held_out_users: float = 0.1, held_out_items: float = 0.2,
    validation_items: float = 0.1, held_out_latest: float = 0.1, seed: int = 98_765, titles: Mapping[Any, str] | None = None,
    out: str | os.PathLike[str] | None = None, overwrite: bool = False, threads: int | None = None,
) -> Dataset:  # fmt: skip
    """Filters and divides a table as `foldin prepare` does, with the same draws.

    Args:
        table: what has `__arrow_c_stream__`: a table of Polars, PyArrow, DuckDB or pandas. No column is copied as a whole.
        user, item, rating: the names of the columns; by default recognised by usual names such as user_id. Ids are whole numbers or texts.
            Without a rating every row is a click.
        time: the name of the column of times, for the splits by time.
        rating_above: rows with a rating above it are kept; by default all.
        min_user_interactions, min_item_interactions: users and items with at least this number of interactions are kept.
        repeats: which of several rows of the same user and item counts: "first", "last", "max" or "sum".
        split: "strong-generalization", "weak-generalization", "leave-last-out" or "temporal".
        held_out_users: users held out for validation, and as many for test: a number, or a fraction below 1.
        held_out_items, validation_items, held_out_latest, seed: see `foldin prepare --help`.
        titles: the title of each item by its id, which models keep.
        out: a directory that the prepared data is written to, for the command.
        overwrite: whether an earlier prepared directory there is replaced.
        threads: None for all processors.

    Raises:
        ValueError: a missing column, an id or a rating that is missing or not valid, with the row.
    """
    if not hasattr(table, "__arrow_c_stream__"):
        raise ValueError(f"the table: found {type(table).__name__}; expected a table with __arrow_c_stream__")
    if time is None and split in ("leave-last-out", "temporal"):
        raise ValueError(f"found the split {split!r} without `time`; expected the name of the column of times")
    values = {
        "rating-above": rating_above, "min-user-interactions": min_user_interactions,
        "min-item-interactions": min_item_interactions, "repeats": repeats, "split": split, "held-out-users": held_out_users,
        "held-out-items": held_out_items, "validation-items": validation_items, "held-out-latest": held_out_latest, "seed": seed,
    }  # fmt: skip
    words, count = options((name, str(value)) for name, value in values.items() if value is not None)
    capsule = table.__arrow_c_stream__()
    names = Columns(*(None if name is None else name.encode() for name in (user, item, rating, time)))
    stoppable = Stoppable(threads)
    ratings, handle = ctypes.c_void_p(), ctypes.c_void_p()
    try:
        call(
            "foldin_ratings_from_arrow", _pointer(capsule, b"arrow_array_stream"), ctypes.byref(names),
            ctypes.byref(stoppable.control), ctypes.byref(ratings),
        )  # fmt: skip
        if titles is not None:
            pairs = [texts([str(value) for value in part]) for part in (titles.keys(), titles.values())]
            call("foldin_ratings_set_titles", ratings, ctypes.byref(pairs[0][0]), ctypes.byref(pairs[1][0]))
        if out is not None:
            call("foldin_dataset_write", ratings, words, count, os.fsencode(out), int(overwrite))
        call("foldin_dataset_prepare", ratings, words, count, ctypes.byref(handle))
    finally:
        library.foldin_ratings_free(ratings)
    return Dataset(handle, None)


class Histories:
    """What each person clicked, of a table: for `recommend`.

    Attributes:
        users: the id of each row, in ascending order.
    """

    def __init__(self, table: Any, *, user: str | None = None, item: str | None = None) -> None:
        """Reads the clicks of a table as `foldin.prepare` does."""
        dataset = prepare(table, user=user, item=item, held_out_users=0, min_user_interactions=0)
        users = dataset.train_users
        order = np.argsort(users, kind="stable")
        self.users = users[order]
        self._items = dataset.items
        self._clicks = dataset._part(TRAIN).rows_at(order)

    def _columns(self, find: Callable[[Sequence[Any]], np.ndarray], columns: int) -> Matrix:
        """The clicks in the columns of a model; items that it does not know are left out."""
        indices = find(self._items)[self._clicks.indices]
        return Matrix.of_kept(self._clicks.starts, indices, indices >= 0, columns)


class Parts(NamedTuple):
    """The parts of a matrix: `train`, pairs `validation` and `test` of known and held-out items, and `rows`: the row of `X` for each row of
    the three parts.
    """

    train: Any
    validation: tuple[Any, Any] | None
    test: tuple[Any, Any] | None
    rows: tuple[np.ndarray, np.ndarray, np.ndarray]


def split(X: Any, *, held_out_users: float = 0.1, held_out_items: float = 0.2, seed: int = 98_765) -> Parts:
    """Divides the users of a matrix by strong generalization, with the draws and the order of Liang et al., 2018.

    Rows without clicks are in no part. Held-out users keep no items that no training user clicked.

    Args:
        X: clicks [users, items]; see `Recommender.fit`.
        held_out_users: users held out for validation, and as many for test: a number, or a fraction below 1.
        held_out_items: the fraction of a held-out user's items, rounded down, that is to be found.
        seed: the seed of the draws.

    Returns:
        The training matrix, for validation and for test the known and the held-out items (None without such users), and the rows of `X`
        that they are. All matrices have the columns of `X`.
    """
    clicks = matrix(X, "the matrix")
    ratings, handle = ctypes.c_void_p(), ctypes.c_void_p()
    call("foldin_ratings_from_matrix", clicks.pointer, ctypes.byref(ratings))
    values = {"held-out-users": held_out_users, "held-out-items": held_out_items, "seed": seed, "min-user-interactions": 0}
    words, count = options((name, str(value)) for name, value in values.items())
    try:
        call("foldin_dataset_prepare", ratings, words, count, ctypes.byref(handle))
    finally:
        library.foldin_ratings_free(ratings)
    dataset = Dataset(handle, None)
    columns = dataset.items.astype(np.int32)

    def part(number: int) -> Any:
        found = dataset._part(number)
        return Matrix(found.starts, columns[found.indices], clicks.columns).scipy()

    rows = (dataset.train_users, dataset.validation_users, dataset.test_users)
    pairs = [(part(first), part(first + 1)) if len(users) else None for first, users in zip((VALIDATION, TEST), rows[1:])]
    return Parts(part(TRAIN), pairs[0], pairs[1], rows)


def _pointer(capsule: Any, name: bytes) -> int:
    """The address in a capsule."""
    get = ctypes.pythonapi.PyCapsule_GetPointer
    get.argtypes, get.restype = [ctypes.py_object, ctypes.c_char_p], ctypes.c_void_p
    return int(get(capsule, name))


def _pair(value: tuple[Any, Any] | None, name: str, columns: int) -> tuple[tuple[Any, Any], list[Matrix]]:
    if value is None:
        return (None, None), []
    if not isinstance(value, tuple) or len(value) != 2:
        raise ValueError(f"{name}: found {type(value).__name__}; expected a tuple of two matrices (known, held out)")
    known = matrix(value[0], f"the known items of {name} users", columns)
    held_out = matrix(value[1], f"the held-out items of {name} users", columns)
    return (known.pointer, held_out.pointer), [known, held_out]
