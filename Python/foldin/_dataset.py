"""Datasets for training."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Sequence
from typing import Any

from ._inputs import Matrix, matrix
from ._library import call, library, texts


class Dataset:
    """Training users, and users for validation and test.

    `Dataset.open` reads what `foldin prepare` wrote; training on it with the same options gives the same file as `foldin train`.
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
            train: the training users, [users, items]; see `Recommender.fit`.
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

    def __del__(self) -> None:
        handle, self._handle = getattr(self, "_handle", None), None
        if handle:
            library.foldin_dataset_free(handle)


def _pair(value: tuple[Any, Any] | None, name: str, columns: int) -> tuple[tuple[Any, Any], list[Matrix]]:
    if value is None:
        return (None, None), []
    if not isinstance(value, tuple) or len(value) != 2:
        raise ValueError(f"{name}: found {type(value).__name__}; expected a tuple of two matrices (known, held out)")
    known = matrix(value[0], f"the known items of {name} users", columns)
    held_out = matrix(value[1], f"the held-out items of {name} users", columns)
    return (known.pointer, held_out.pointer), [known, held_out]
