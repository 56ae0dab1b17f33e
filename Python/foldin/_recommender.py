"""What all models have in common."""

from __future__ import annotations

import ctypes
import inspect
import json
import os
import tempfile
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import numpy as np

from ._dataset import TEST, TRAIN, Dataset, Histories, prepare
from ._inputs import Matrix, matrix
from ._library import (
    STOPPED, Progress, Selection, Stoppable, Texts, call, check, document, ids, library, options, strings, text, texts,
)  # fmt: skip

Self = TypeVar("Self", bound="Recommender")


class NotFittedError(ValueError, AttributeError):
    """A model is asked before it was fitted."""


class Recommender:
    """A model that ranks items by what a person clicked.

    The parameters of a subclass are the options of `foldin train`, and `threads` (None for all processors), which does not change results,
    and `verbose`, which shows progress, by tqdm if it is installed.

    Attributes:
        items_: the id of each column.
        titles_: the title of each column, "" where it is not known; None if there are no titles.
        history_: a dict for each epoch, as the lines of the command's history.jsonl: `epoch`, `loss`, `negative_log_likelihood`, `divergence`,
            `beta`, `learning_rate`, `validation` (None without validation users), `validation_loss`, `seconds`, and `best`: whether it was the
            best epoch up to then.
        best_epoch_: the epoch that is kept; None for a model without epochs.
        card_: what the model file says of the model: options, metrics, checksum of the data.
    """

    family = ""
    threads: int | None
    verbose: bool

    @property
    def best_epoch_(self) -> int | None:
        best = [epoch["epoch"] for epoch in self.history_ if epoch["best"]]
        return best[-1] if best else None

    @classmethod
    def preset(cls: type[Self], name: str, **parameters: Any) -> Self:
        """A model with the options of a preset of `foldin train --preset`, such as "fast", and other parameters."""
        presets = next(model["presets"] for model in json.loads(document("foldin_models")) if model["name"] == cls.family)
        if name not in presets:
            raise ValueError(f"found the preset {name!r}; expected one of {', '.join(sorted(presets)) or 'none'}")
        return cls(**{**_values(cls, presets[name]), **parameters})

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """The parameters by name."""
        return {name: getattr(self, name) for name in self._names()}

    def set_params(self: Self, **parameters: Any) -> Self:
        """Sets parameters; raises ValueError for one that the model does not have."""
        names = self._names()
        for name, value in parameters.items():
            if name not in names:
                raise ValueError(f"found the parameter {name!r}; expected one of {', '.join(names)}")
            setattr(self, name, value)
        return self

    def __sklearn_tags__(self) -> Any:
        """What scikit-learn asks of an estimator; called by it alone."""
        from sklearn.utils import InputTags, Tags, TargetTags

        return Tags(estimator_type=None, target_tags=TargetTags(required=False), input_tags=InputTags(sparse=True))

    def __sklearn_is_fitted__(self) -> bool:
        """Whether the model was fitted."""
        return bool(getattr(self, "_handle", None))

    @classmethod
    def _names(cls) -> list[str]:
        return [name for name in inspect.signature(cls.__init__).parameters if name != "self"]

    def __repr__(self) -> str:
        changed = [f"{name}={value!r}" for name, value in self._changed().items()]
        return f"{type(self).__name__}({', '.join(changed)})"

    def _changed(self) -> dict[str, Any]:
        """The parameters that are not the defaults."""
        defaults = inspect.signature(type(self).__init__).parameters
        return {name: value for name, value in self.get_params().items() if value != defaults[name].default}

    def fit(
        self: Self, X: Any, y: None = None, *, validation: tuple[Any, Any] | None = None, items: Sequence[Any] | None = None,
        titles: Sequence[str | None] | None = None, callback: Callable[[dict[str, Any]], bool | None] | None = None,
    ) -> Self:  # fmt: skip
        """Trains the model.

        Ctrl-C stops the training; the model of the best epoch is kept, and KeyboardInterrupt is raised.

        Args:
            X: clicks [users, items]: a SciPy sparse matrix in any format, a NumPy array, or arrays (users, items[, weights]). An entry above
                0 is a click, and a row without clicks is no user. Or a table of Polars, PyArrow, DuckDB or pandas whose columns of users
                and items have usual names such as user_id; every row is a click. Or a `Dataset`.
            y: not used.
            validation: the known and the held-out items of other users, two matrices with the same rows. The epoch with the best metric on
                them is kept. Without it, the last epoch.
            items: an id for each column; by default the column's number.
            titles: a title for each column.
            callback: called after each epoch with what `history_` gets; a true result stops the training.

        Returns:
            The model itself.

        Raises:
            ValueError: parameters or data that are not valid, with what was found and expected.
        """
        if isinstance(X, Dataset):
            if validation is not None or items is not None or titles is not None:
                raise ValueError("found a Dataset and validation, items or titles; expected these in the dataset")
            dataset = X
        elif hasattr(X, "__arrow_c_stream__"):
            if validation is not None or items is not None or titles is not None:
                raise ValueError("found a table and validation, items or titles; expected `foldin.prepare`, which divides a table")
            dataset = prepare(X, held_out_users=0, min_user_interactions=0)
        else:
            dataset = Dataset.of(X, validation, items=items, titles=titles)
        parameters = [("model", self.family)] + [
            (name.rstrip("_").replace("_", "-"), _option(value)) for name, value in self.get_params().items() if name not in ("threads", "verbose")
        ]
        self.history_: list[dict[str, Any]] = []
        with _Bar(self.verbose, type(self).__name__) as bar:

            def progress(state: Progress) -> bool:
                bar.show(state)
                if not state.ended:
                    return False
                epoch = {"validation": None, **json.loads(state.line)}
                self.history_.append(epoch)
                return bool(callback(epoch)) if callback is not None else False

            stoppable = Stoppable(self.threads, progress)
            handle, error = ctypes.c_void_p(), ctypes.c_void_p()
            words, count = options(parameters)
            try:
                status = stoppable.run(
                    lambda: library.foldin_train(
                        dataset._handle, words, count, ctypes.byref(stoppable.control), ctypes.byref(handle), ctypes.byref(error)
                    )
                )
            finally:
                message = text(error)
                if handle:
                    self._take(handle, dataset._items)
        if not (status == STOPPED and stoppable.is_asked_to_stop and handle):
            check(status, message)
        return self

    def _take(self, handle: ctypes.c_void_p, items: Sequence[Any] | None) -> None:
        """Makes the handle's model that of this object."""
        self._free()
        self._handle = handle
        names = Texts()
        call("foldin_model_ids", handle, ctypes.byref(names))
        self.items_ = ids(names) if items is None else np.asarray(items)
        call("foldin_model_titles", handle, ctypes.byref(names))
        self.titles_ = np.asarray(strings(names)) if names.count else None
        self.card_ = json.loads(document("foldin_model_describe", handle))

    def _model(self) -> ctypes.c_void_p:
        handle = getattr(self, "_handle", None)
        if not handle:
            raise NotFittedError(f"found {type(self).__name__} before fit; expected a fitted model")
        return handle

    def _free(self) -> None:
        handle, self._handle = getattr(self, "_handle", None), None
        if handle:
            library.foldin_model_free(handle)

    def __del__(self) -> None:
        self._free()

    def __getstate__(self) -> dict[str, Any]:
        state = {name: value for name, value in self.__dict__.items() if name != "_handle"}
        if getattr(self, "_handle", None):
            state["_file"] = _bytes(self)
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        file = state.pop("_file", None)
        self.__dict__.update(state)
        if file is not None:
            self._take(_open_bytes(file), self.items_)

    def recommend(
        self, X: Any, n: int = 10, *, exclude_seen: bool = True, exclude: Any = None, allow: Any = None, return_scores: bool = False,
    ) -> Any:  # fmt: skip
        """The `n` best items for each row of `X`, best first.

        Args:
            X: what each person clicked [users, items], in the columns of `fit`; or a list with a list of item ids for each person, `Histories`,
                or a table, whose rows are those of its `Histories`. Ids that the model does not know are left out.
            n: items per person.
            exclude_seen: whether items of the row are left out.
            exclude: columns (or ids, if X has ids) that nobody gets.
            allow: the only columns (or ids) that are recommended.
            return_scores: whether to return the scores too.

        Returns:
            An array [users, n]: int32 columns, -1 where no item is left; or ids, None where no item is left. With `return_scores` a tuple of it
            and float32 scores [users, n]. A person without clicks gets the most popular items, with the number of clicks as score.
        """
        model = self._model()
        n = self._number(n)
        if hasattr(X, "__arrow_c_stream__"):
            X = Histories(X)
        has_ids = isinstance(X, (Histories, list)) or (isinstance(X, tuple) and not (len(X) in (2, 3) and isinstance(X[0], np.ndarray)))
        if isinstance(X, Histories):
            histories = X._columns(self._find, len(self.items_))
        else:
            histories = self._histories(X) if has_ids else matrix(X, "the histories", len(self.items_))
        excluded = self._columns(exclude, has_ids, "exclude")
        allowed = self._columns(allow, has_ids, "allow")
        selection = Selection(
            n, not exclude_seen, excluded.ctypes.data, len(excluded), allowed.ctypes.data, -1 if allow is None else len(allowed)
        )
        items, scores = _places(histories.rows, n)
        self._run("foldin_model_recommend", model, histories.pointer, ctypes.byref(selection), items.ctypes.data, scores.ctypes.data, at=3)
        result: Any = items
        if has_ids:
            result = np.where(items >= 0, self.items_.astype(object)[items], None)
        return (result, scores) if return_scores else result

    def score(self, X: Any, y: None = None) -> np.ndarray:
        """The scores of all items for each row of `X`, float32 [users, items]; higher is better. Takes 4 bytes per user and item."""
        model = self._model()
        histories = matrix(X, "the histories", len(self.items_))
        scores = np.empty((histories.rows, len(self.items_)), np.float32)
        self._run("foldin_model_score", model, histories.pointer, scores.ctypes.data, at=2)
        return scores

    def columns(self, ids: Sequence[Any]) -> np.ndarray:
        """The column of each id, int32; -1 for an id that the model does not know. `items_` is the other way round."""
        return self._find([ids] if np.ndim(ids) == 0 else list(ids))

    def similar(self, items: Any, n: int = 10, *, return_scores: bool = False) -> Any:
        """The `n` items most similar to each of `items` (columns, see `columns`): int32 [len(items), n], -1 where no item is left.

        Raises ValueError for a model that does not compare items.
        """
        model = self._model()
        n = self._number(n)
        given = self._columns(np.atleast_1d(items), False, "items")
        best, scores = _places(len(given), n)
        self._run("foldin_model_similar", model, given.ctypes.data, len(given), n, best.ctypes.data, scores.ctypes.data, at=4)
        return (best, scores) if return_scores else best

    def evaluate(
        self, known: Any, held_out: Any = None, metrics: Sequence[str] | None = None, *, train: Any = None, per_user: bool = False,
    ) -> dict[str, Any]:  # fmt: skip
        """Metrics over users whose `known` items are the history and whose `held_out` items are to be found.

        Args:
            known: [users, items]; or a `Dataset`, whose test users are taken.
            held_out: the same users' other items.
            metrics: names such as "ndcg@100"; the standard ones by default.
            train: the training matrix, for metrics such as "popularity@20"; of a `Dataset` its own by default.
            per_user: whether to return the values of each user, to compare models by the differences.

        Returns:
            The mean of each metric by name, the standard error by the name and "_se", and "users". With `per_user` an array for each
            metric, float64, and "rows": the evaluated rows, those with held-out items.
        """
        model = self._model()
        columns = len(self.items_)
        if isinstance(known, Dataset):
            if held_out is not None:
                raise ValueError("found a Dataset and held-out items; expected one of them")
            train = known._part(TRAIN) if train is None else train
            known, held_out = known._part(TEST), known._part(TEST + 1)
        parts = [matrix(known, "the known items", columns), matrix(held_out, "the held-out items", columns)]
        training = None if train is None else matrix(train, "the training matrix", columns)
        place = ctypes.c_void_p()
        names = None if metrics is None else ",".join(metrics).encode()
        self._run(
            "foldin_model_evaluate", model, parts[0].pointer, parts[1].pointer, training.pointer if training else None, names,
            int(per_user), ctypes.byref(place), at=6,
        )  # fmt: skip
        report = json.loads(text(place))
        if per_user:
            return {"rows": np.array(report["rows"], np.int64), **{name: np.array(row) for name, row in sorted(report["values"].items())}}
        result: dict[str, Any] = {"users": report["users"]}
        for name, figures in sorted(report["metrics"].items()):
            result[name], result[name + "_se"] = figures["mean"], figures["standard_error"]
        return result

    def save(self, path: str | os.PathLike[str]) -> None:
        """Writes the model file of the command and the service; an existing one is replaced."""
        call("foldin_model_save", self._model(), os.fsencode(path))

    def _run(self, function: str, *arguments: Any, at: int) -> None:
        """Calls a function whose argument `at` is the control."""
        stoppable = Stoppable(self.threads)
        error = ctypes.c_void_p()
        words = [*arguments[:at], ctypes.byref(stoppable.control), *arguments[at:], ctypes.byref(error)]
        status = stoppable.run(lambda: getattr(library, function)(*words))
        check(status, text(error))

    def _number(self, n: Any) -> int:
        """`n` as a number of items: more than there are leaves places empty, which is limited because memory grows with them."""
        most = max(len(self.items_), 1_000)
        if not isinstance(n, (int, np.integer)) or not 1 <= n <= most:
            raise ValueError(f"n: found {n!r}; expected a whole number from 1 to {most}")
        return int(n)

    def _columns(self, values: Any, has_ids: bool, name: str) -> np.ndarray:
        if values is None:
            return np.zeros(0, np.int32)
        if has_ids:
            found = self._find([values] if np.ndim(values) == 0 else list(values))
            return np.ascontiguousarray(found[found >= 0])
        columns = np.atleast_1d(np.asarray(values))
        if columns.size == 0:
            return np.zeros(0, np.int32)
        if not np.issubdtype(columns.dtype, np.integer):
            raise ValueError(f"{name}: found values of type {columns.dtype}; expected columns, whole numbers")
        if columns.min() < 0 or columns.max() >= len(self.items_):
            raise ValueError(f"{name}: found columns {columns.min()} to {columns.max()}; expected 0 to {len(self.items_) - 1}")
        return np.ascontiguousarray(columns, dtype=np.int32)

    def _find(self, values: Sequence[Any]) -> np.ndarray:
        """The column of each id, -1 for an unknown one."""
        structure, kept = texts([str(value) for value in values])
        indices = np.empty(len(values), np.int32)
        call("foldin_model_find", self._model(), ctypes.byref(structure), indices.ctypes.data)
        del kept
        return indices

    def _histories(self, lists: Sequence[Sequence[Any]]) -> Matrix:
        for place, row in enumerate(lists):
            if isinstance(row, (str, bytes)) or not hasattr(row, "__iter__") or (isinstance(row, np.ndarray) and row.ndim != 1):
                raise ValueError(f"the histories: found {row!r} as row {place}; expected a list of item ids")
        rows = [list(row) for row in lists]
        indices = self._find([value for row in rows for value in row])
        lengths = np.array([len(row) for row in rows], dtype=np.int64)
        starts = np.concatenate(([0], np.cumsum(lengths)))
        return Matrix.of_kept(starts, indices, indices >= 0, len(self.items_))


def load(path: str | os.PathLike[str], *, threads: int | None = None) -> Recommender:
    """Reads a model file of this package, the command or the service, or a run directory."""
    from . import models

    handle = _open(path)
    family = json.loads(document("foldin_model_describe", handle))["family"]
    kinds = {kind.family: kind for kind in models.all_models}
    if family in kinds:
        recommender: Recommender = kinds[family]()
    else:
        recommender = Recommender()
        recommender.verbose = False
    recommender.threads = threads
    recommender.history_ = []
    recommender._take(handle, None)
    if family in kinds:
        recommender.set_params(**_values(type(recommender), recommender.card_["options"]))
    return recommender


def _open(path: str | os.PathLike[str]) -> ctypes.c_void_p:
    handle = ctypes.c_void_p()
    call("foldin_model_load", os.fsencode(path), ctypes.byref(handle))
    return handle


def _places(rows: int, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Places for `n` items of each row, and for their scores."""
    return np.empty((rows, n), np.int32), np.empty((rows, n), np.float32)


def _values(kind: type[Recommender], options: dict[str, str]) -> dict[str, Any]:
    """Options as the parameters of a class."""
    defaults = inspect.signature(kind.__init__).parameters
    found = {}
    for name in kind._names():
        value = options.get(name.rstrip("_").replace("_", "-"))
        if value is not None:
            found[name] = _value(value, defaults[name].default)
    return found


def _value(value: str, default: Any) -> Any:
    """An option's text as a value like the default."""
    if value == "auto":
        return None
    if isinstance(default, tuple):
        return () if value == "none" else tuple(int(part) for part in value.split(","))
    if isinstance(default, bool) or isinstance(default, str):
        return value
    try:
        return int(value) if isinstance(default, int) and float(value).is_integer() else float(value)
    except ValueError:
        return value


def _option(value: Any) -> str:
    """A parameter as the option's text."""
    if value is None:
        return "auto"
    if isinstance(value, (list, tuple)):
        return ",".join(_option(part) for part in value) or "none"
    if isinstance(value, (bool, np.bool_)):
        return "true" if value else "false"
    if isinstance(value, (float, np.floating)):
        return repr(int(value)) if float(value).is_integer() and abs(value) < 1e15 else repr(float(value))
    return str(value)


def _bytes(recommender: Recommender) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "model.safetensors")
        recommender.save(path)
        with open(path, "rb") as file:
            return file.read()


def _open_bytes(data: bytes) -> ctypes.c_void_p:
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "model.safetensors")
        with open(path, "wb") as file:
            file.write(data)
        return _open(path)


class _Bar:
    """Progress on standard error: by tqdm if it is installed, otherwise a line per epoch."""

    def __init__(self, shows: bool, title: str) -> None:
        self._bar: Any = None
        self._shows = shows
        self._title = title

    def __enter__(self) -> _Bar:
        if self._shows:
            try:
                from tqdm.auto import tqdm

                self._bar = tqdm(total=1.0, desc=self._title, bar_format="{l_bar}{bar}| {elapsed}<{remaining}{postfix}")
            except ImportError:
                pass
        return self

    def show(self, state: Progress) -> None:
        if not self._shows:
            return
        if self._bar is not None:
            done = (state.epoch - 1 + state.fraction) / state.epochs if state.epochs else state.fraction
            self._bar.update(max(0.0, done - self._bar.n))
            if state.ended:
                self._bar.set_postfix(epoch=state.epoch, loss=f"{state.loss:.4g}", validation=f"{state.validation:.4f}")
        elif state.ended:
            import sys

            print(f"epoch {state.epoch}  loss {state.loss:.4g}  validation {state.validation:.5f}", file=sys.stderr)

    def __exit__(self, *_: Any) -> None:
        if self._bar is not None:
            self._bar.close()
