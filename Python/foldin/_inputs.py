"""Clicks from Python as the interactions of C."""

from __future__ import annotations

import ctypes
from typing import Any

import numpy as np

from ._library import Interactions

_LIMIT = np.iinfo(np.int32).max


class Matrix:
    """Clicks in compressed sparse rows, [users, items], and their structure for C."""

    def __init__(self, starts: np.ndarray, indices: np.ndarray, columns: int) -> None:
        self.starts = np.ascontiguousarray(starts, dtype=np.int64)
        self.indices = np.ascontiguousarray(indices, dtype=np.int32)
        self.rows, self.columns = len(self.starts) - 1, columns
        self.structure = Interactions(self.rows, columns, self.starts.ctypes.data, self.indices.ctypes.data)

    @classmethod
    def of_kept(cls, starts: np.ndarray, indices: np.ndarray, kept: np.ndarray, columns: int) -> Matrix:
        """The entries of rows at which `kept` is true."""
        counts = np.concatenate(([0], np.cumsum(kept)))
        return cls(counts[starts], indices[kept], columns)

    @property
    def pointer(self) -> Any:
        return ctypes.byref(self.structure)

    def rows_at(self, places: np.ndarray) -> Matrix:
        """The rows at `places`, in their order."""
        lengths = np.diff(self.starts)[places]
        starts = np.concatenate(([0], np.cumsum(lengths)))
        return Matrix(starts, self.indices[np.arange(starts[-1]) + np.repeat(self.starts[places] - starts[:-1], lengths)], self.columns)

    def scipy(self) -> Any:
        """A CSR matrix of ones."""
        from scipy.sparse import csr_matrix

        found = csr_matrix((np.ones(len(self.indices), np.float32), self.indices, self.starts), shape=(self.rows, self.columns))
        found.sort_indices()
        return found


def matrix(value: Any, name: str, columns: int | None = None) -> Matrix:
    """Clicks from a SciPy sparse matrix or array, a NumPy array [users, items], or arrays (users, items[, weights]).

    An entry above 0 is a click. Raises ValueError for entries that are negative or not finite, indices that are out of range, and a
    matrix with other `columns`.
    """
    if isinstance(value, Matrix):
        found = value
    elif hasattr(value, "tocsr"):
        found = _from_scipy(value.tocsr(), name)
    elif isinstance(value, tuple):
        found = _from_arrays(value, name, columns)
    elif isinstance(value, np.ndarray):
        found = _from_dense(value, name)
    else:
        raise ValueError(
            f"{name}: found {type(value).__name__}; expected a SciPy sparse matrix, a NumPy array of users x items, "
            "or a tuple of arrays (users, items)"
        )
    if columns is not None and found.columns != columns:
        raise ValueError(f"{name}: found {found.columns} columns; expected {columns}, one for each item")
    return found


def _clicks(values: np.ndarray, name: str) -> np.ndarray | None:
    """Which entries are clicks; None if all are."""
    if values.dtype == bool:
        return None if values.all() else values
    if not (np.issubdtype(values.dtype, np.integer) or np.issubdtype(values.dtype, np.floating)):
        raise ValueError(f"{name}: found values of type {values.dtype}; expected numbers")
    if np.issubdtype(values.dtype, np.floating) and not np.isfinite(values).all():
        raise ValueError(f"{name}: found a value that is not finite; expected numbers from 0")
    if values.size and values.min() < 0:
        raise ValueError(f"{name}: found the value {values.min()}; expected numbers from 0")
    clicks = values > 0
    return None if clicks.all() else clicks


def _from_scipy(value: Any, name: str) -> Matrix:
    if value.ndim != 2:
        raise ValueError(f"{name}: found {value.ndim} dimensions; expected users x items")
    rows, columns = value.shape
    if max(rows, columns) >= _LIMIT:
        raise ValueError(f"{name}: found {rows} x {columns}; expected fewer than {_LIMIT} users and items")
    starts, indices, data = value.indptr, value.indices, value.data
    # Positions behind the last row are not part of the matrix.
    end = int(starts[-1])
    indices, data = indices[:end], data[:end]
    clicks = _clicks(data, name)
    if indices.dtype != np.int32:
        _check_range(indices if clicks is None else indices[clicks], columns, name, "item")
    return Matrix(starts, indices, columns) if clicks is None else Matrix.of_kept(starts, indices, clicks, columns)


def _from_dense(value: np.ndarray, name: str) -> Matrix:
    if value.ndim != 2:
        raise ValueError(f"{name}: found an array of {value.ndim} dimensions; expected users x items")
    clicks = _clicks(value.reshape(-1), name)
    where = np.ones(value.shape, bool) if clicks is None else clicks.reshape(value.shape)
    starts = np.concatenate(([0], np.cumsum(where.sum(axis=1))))
    return Matrix(starts, np.nonzero(where)[1], value.shape[1])


def _check_range(values: np.ndarray, end: int, name: str, kind: str) -> None:
    if values.size and (values.min() < 0 or values.max() >= end):
        wrong = values.min() if values.min() < 0 else values.max()
        raise ValueError(f"{name}: found {kind} {wrong}; expected 0 to {end - 1}")


def _from_arrays(value: tuple[Any, ...], name: str, columns: int | None) -> Matrix:
    if len(value) not in (2, 3):
        raise ValueError(f"{name}: found a tuple of {len(value)}; expected (users, items) or (users, items, weights)")
    parts = [np.asarray(part) for part in value]
    for part, kind in zip(parts, ("users", "items", "weights")):
        if part.ndim != 1 or part.size != parts[0].size:
            raise ValueError(f"{name}: found {kind} of shape {part.shape}; expected one dimension of {parts[0].size}")
    users, items = parts[:2]
    for part, kind in ((users, "user"), (items, "item")):
        if part.size and not np.issubdtype(part.dtype, np.integer):
            raise ValueError(f"{name}: found {kind}s of type {part.dtype}; expected whole numbers")
        _check_range(part, _LIMIT if kind == "user" or columns is None else columns, name, kind)
    for part, kind in ((users, "user"), (items, "item")):
        # Memory and time grow with the largest number.
        if part.size and part.max() > max(100_000, 64 * part.size):
            raise ValueError(
                f"{name}: found {kind} {part.max()} among {part.size} clicks; expected numbers from 0 without large gaps, "
                "or a table, whose ids may be any"
            )
    if len(parts) == 3:
        clicks = _clicks(parts[2], name)
        if clicks is not None:
            users, items = users[clicks], items[clicks]
    width = columns if columns is not None else int(parts[1].max()) + 1 if parts[1].size else 0
    rows = int(parts[0].max()) + 1 if parts[0].size else 0
    starts = np.concatenate(([0], np.cumsum(np.bincount(users, minlength=rows)))) if rows else np.zeros(1, np.int64)
    return Matrix(starts, items[np.argsort(users, kind="stable")], width)
