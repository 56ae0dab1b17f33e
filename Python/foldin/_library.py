"""libfoldin by ctypes: the structures and functions of foldin.h. ctypes releases the GIL during a call."""

from __future__ import annotations

import ctypes
import os
import queue
import sys
import threading
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

OK, USAGE, BAD_DATA, MISSING_INPUT, INTERNAL, CANNOT_CREATE, WRITE_FAILED, STOPPED = 0, 64, 65, 66, 70, 73, 74, 130

_ABI_VERSION = 1


class Interactions(ctypes.Structure):
    _fields_ = [
        ("rows", ctypes.c_int64), ("columns", ctypes.c_int64), ("starts", ctypes.c_void_p), ("indices", ctypes.c_void_p),
    ]  # fmt: skip


class Texts(ctypes.Structure):
    _fields_ = [("count", ctypes.c_int64), ("bytes", ctypes.c_void_p), ("ends", ctypes.c_void_p)]


class Option(ctypes.Structure):
    _fields_ = [("name", ctypes.c_char_p), ("value", ctypes.c_char_p)]


class Columns(ctypes.Structure):
    _fields_ = [("user", ctypes.c_char_p), ("item", ctypes.c_char_p), ("rating", ctypes.c_char_p), ("time", ctypes.c_char_p)]


class Progress(ctypes.Structure):
    _fields_ = [
        ("epoch", ctypes.c_int32), ("epochs", ctypes.c_int32), ("ended", ctypes.c_int32), ("best", ctypes.c_int32),
        ("fraction", ctypes.c_double), ("loss", ctypes.c_double), ("validation", ctypes.c_double), ("seconds", ctypes.c_double),
        ("report", ctypes.c_char_p),
    ]  # fmt: skip


ProgressFunction = ctypes.CFUNCTYPE(ctypes.c_int32, ctypes.POINTER(Progress), ctypes.c_void_p)


class Control(ctypes.Structure):
    _fields_ = [
        ("threads", ctypes.c_int32), ("stop", ctypes.POINTER(ctypes.c_int32)), ("progress", ProgressFunction),
        ("context", ctypes.c_void_p),
    ]  # fmt: skip


class Selection(ctypes.Structure):
    _fields_ = [
        ("count", ctypes.c_int64), ("keeps_history", ctypes.c_int32), ("excluded", ctypes.c_void_p), ("excluded_count", ctypes.c_int64),
        ("allowed", ctypes.c_void_p), ("allowed_count", ctypes.c_int64),
    ]  # fmt: skip


def _load() -> ctypes.CDLL:
    name = "libfoldin.dylib" if sys.platform == "darwin" else "libfoldin.so"
    path = os.environ.get("FOLDIN_LIBRARY") or os.path.join(os.path.dirname(__file__), name)
    library = ctypes.CDLL(path)
    pointer, number, text = ctypes.c_void_p, ctypes.c_int64, ctypes.POINTER(ctypes.c_void_p)
    matrix = ctypes.POINTER(Interactions)
    control = ctypes.POINTER(Control)
    arguments: dict[str, list[Any]] = {
        "foldin_models": [text, text],
        "foldin_dataset_open": [ctypes.c_char_p, text, text],
        "foldin_dataset_create": [matrix] * 5 + [ctypes.POINTER(Texts)] * 2 + [text, text],
        "foldin_ratings_from_arrow": [pointer, ctypes.POINTER(Columns), control, text, text],
        "foldin_ratings_from_matrix": [matrix, text, text],
        "foldin_ratings_set_titles": [pointer, ctypes.POINTER(Texts), ctypes.POINTER(Texts), text],
        "foldin_dataset_describe": [pointer, text, text],
        "foldin_dataset_size": [pointer, ctypes.c_int32] + [ctypes.POINTER(number)] * 3 + [text],
        "foldin_dataset_clicks": [pointer, ctypes.c_int32, pointer, pointer, text],
        "foldin_dataset_users": [pointer, ctypes.c_int32, ctypes.POINTER(Texts), text],
        "foldin_dataset_items": [pointer, ctypes.POINTER(Texts), text],
        "foldin_dataset_prepare": [pointer, ctypes.POINTER(Option), number, text, text],
        "foldin_dataset_write": [pointer, ctypes.POINTER(Option), number, ctypes.c_char_p, ctypes.c_int32, text],
        "foldin_train": [pointer, ctypes.POINTER(Option), number, control, text, text],
        "foldin_model_load": [ctypes.c_char_p, text, text],
        "foldin_model_save": [pointer, ctypes.c_char_p, text],
        "foldin_model_describe": [pointer, text, text],
        "foldin_model_ids": [pointer, ctypes.POINTER(Texts), text],
        "foldin_model_titles": [pointer, ctypes.POINTER(Texts), text],
        "foldin_model_find": [pointer, ctypes.POINTER(Texts), pointer, text],
        "foldin_model_score": [pointer, matrix, control, pointer, text],
        "foldin_model_recommend": [pointer, matrix, ctypes.POINTER(Selection), control, pointer, pointer, text],
        "foldin_model_similar": [pointer, pointer, number, number, control, pointer, pointer, text],
        "foldin_model_evaluate": [pointer, matrix, matrix, matrix, ctypes.c_char_p, ctypes.c_int32, control, text, text],
    }
    for name, types in arguments.items():
        function = getattr(library, name)
        function.argtypes, function.restype = types, ctypes.c_int32
    for name in ("foldin_text_free", "foldin_ratings_free", "foldin_dataset_free", "foldin_model_free"):
        function = getattr(library, name)
        function.argtypes, function.restype = [pointer], None
    library.foldin_model_item_count.argtypes, library.foldin_model_item_count.restype = [pointer], number
    library.foldin_version.restype = ctypes.c_char_p
    found = library.foldin_abi_version()
    if found != _ABI_VERSION:
        raise ImportError(f"{path}: found version {found} of the interface; expected {_ABI_VERSION}")
    return library


library = _load()


def text(place: ctypes.c_void_p) -> str:
    """The text that a function returned, which is then freed."""
    value = ctypes.string_at(place.value).decode() if place.value else ""
    library.foldin_text_free(place)
    return value


def check(status: int, message: str) -> None:
    """Raises the exception for a status other than OK."""
    if status == STOPPED:
        raise KeyboardInterrupt
    if status in (USAGE, BAD_DATA):
        raise ValueError(message)
    if status == MISSING_INPUT:
        raise FileNotFoundError(message)
    if status in (CANNOT_CREATE, WRITE_FAILED):
        raise OSError(message)
    if status != OK:
        raise RuntimeError(message)


def call(function: str, *arguments: Any) -> None:
    """Calls a function whose last argument is the place for an error; raises what it reports."""
    error = ctypes.c_void_p()
    status = getattr(library, function)(*arguments, ctypes.byref(error))
    check(status, text(error))


def document(function: str, *arguments: Any) -> str:
    """The JSON text of a function whose last arguments are the places for the text and for an error."""
    place = ctypes.c_void_p()
    call(function, *arguments, ctypes.byref(place))
    return text(place)


class Stoppable:
    """A control whose call Ctrl-C ends. Keep the object until the call has ended."""

    def __init__(self, threads: int | None, progress: Callable[[Progress], bool] | None = None) -> None:
        self.flag = ctypes.c_int32(0)
        # Whether `progress` asked to stop.
        self.is_asked_to_stop = False
        self._progress = progress
        self._raised: BaseException | None = None
        # What `progress` has to be called with by the main thread; None if the calling thread does it.
        self._reports: queue.SimpleQueue[tuple[Progress, threading.Event] | None] | None = None

        def report(place: Any, _context: Any) -> int:
            state = Progress.from_buffer_copy(place.contents)
            # The text lives until this function returns.
            state.line = place.contents.report
            if self._reports is None:
                self._tell(state)
            else:
                told = threading.Event()
                self._reports.put((state, told))
                # An interrupt may come between the main thread's steps, and then nobody answers.
                while not told.wait(0.2) and not self.flag.value:
                    pass
            return self.is_asked_to_stop or self._raised is not None

        # The object that C calls must live as long as the control.
        self._function = ProgressFunction(report) if progress is not None else ProgressFunction()
        if threads is not None and not (isinstance(threads, (int, np.integer)) and 0 <= threads <= 4_096):
            raise ValueError(f"threads: found {threads!r}; expected None, or a whole number to 4096")
        self.control = Control(threads or 0, ctypes.pointer(self.flag), self._function, None)

    def _tell(self, state: Progress) -> None:
        try:
            self.is_asked_to_stop = self._progress is not None and bool(self._progress(state))
        except BaseException as error:  # ctypes would print it and go on
            self._raised = error

    def run(self, work: Callable[[], int]) -> int:
        """What `work` returns. In the main thread it runs beside it, so that Ctrl-C reaches Python; `progress` is called by the caller's
        thread in any case.
        """
        if threading.current_thread() is not threading.main_thread():
            status = work()
        else:
            reports: queue.SimpleQueue[tuple[Progress, threading.Event] | None] = queue.SimpleQueue()
            self._reports = reports
            result: list[int] = []

            def run() -> None:
                try:
                    result.append(work())
                finally:
                    reports.put(None)

            worker = threading.Thread(target=run, name="foldin")
            worker.start()
            interrupted = False
            while True:
                try:
                    report = reports.get(timeout=0.1)
                    if report is None:
                        break
                    self._tell(report[0])
                    report[1].set()
                except queue.Empty:
                    if not worker.is_alive() and reports.empty():
                        break
                except KeyboardInterrupt:
                    interrupted = True
                    self.flag.value = 1
            status = result[0] if result else INTERNAL
            if interrupted and status == OK:
                # It ended before it saw the flag.
                status = STOPPED
        if self._raised is not None:
            raise self._raised
        return status


def options(values: Iterable[tuple[str, str]]) -> tuple[Any, int]:
    """Options for C, and their number."""
    pairs = list(values)
    return (Option * len(pairs))(*(Option(name.encode(), value.encode()) for name, value in pairs)), len(pairs)


def texts(values: Sequence[str]) -> tuple[Texts, list[Any]]:
    """Texts for C, and what must live as long as they are used."""
    parts = [value.encode() for value in values]
    data = b"".join(parts)
    ends = np.cumsum([len(part) for part in parts], dtype=np.int64)
    return Texts(len(parts), ctypes.cast(ctypes.c_char_p(data), ctypes.c_void_p), ends.ctypes.data), [data, ends]


def strings(value: Texts) -> list[str]:
    """The texts that C gave."""
    if value.count == 0:
        return []
    ends = np.ctypeslib.as_array(ctypes.cast(value.ends, ctypes.POINTER(ctypes.c_int64)), (value.count,))
    data = ctypes.string_at(value.bytes, int(ends[-1]))
    starts = np.concatenate(([0], ends[:-1]))
    return [data[start:end].decode() for start, end in zip(starts, ends)]


def ids(value: Texts) -> np.ndarray:
    """The ids that C gave: whole numbers if all are spelled as such, otherwise texts."""
    names = strings(value)
    try:
        numbers = np.array([int(name) for name in names], dtype=np.int64)
    except (ValueError, OverflowError):
        return np.asarray(names)
    return numbers if [str(number) for number in numbers] == names else np.asarray(names)
