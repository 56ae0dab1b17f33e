"""Foldin's models as an algorithm of RecPack.

>>> ALGORITHM_REGISTRY.register("Foldin", Foldin)
>>> builder.add_algorithm("Foldin", params={"model": foldin.EASE()}, optimisation_info=GridSearchInfo({"lambda_": [100, 300]}))
"""

from __future__ import annotations

from typing import Any

import numpy as np
from recpack.algorithms.base import Algorithm
from scipy.sparse import csr_matrix

from .._recommender import Recommender
from ._models import unfitted

_USERS_PER_BLOCK = 1_000


class Foldin(Algorithm):
    """Recommends by a Foldin model.

    A user with h items of history has `predict_topK` + h predictions, so that `predict_topK` remain when RecPack removes the history. The
    values are 1 / rank, which keeps the model's order: RecPack takes a score of 0 for no prediction, and ranks ties in another order.

    Args:
        model: a Foldin model, or the name of a family.
        predict_topK: at least the largest K of the metrics. Memory grows with it.
        options: parameters of the model to change.

    Raises ValueError for a family or a parameter that does not exist.
    """

    def __init__(self, model: Recommender | str = "mult-vae", predict_topK: int = 1_000, **options: Any) -> None:
        super().__init__()
        self.model = unfitted(model, options)
        self.predict_topK = predict_topK

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """The model and `predict_topK`, which identify the algorithm in RecPack's results."""
        return super().get_params(deep=False)

    def _fit(self, X: csr_matrix) -> None:
        self.model_ = unfitted(self.model).fit(X)

    def _predict(self, X: csr_matrix) -> csr_matrix:
        users = np.unique(X.nonzero()[0])
        parts = [self._lists(X, users[start : start + _USERS_PER_BLOCK]) for start in range(0, len(users), _USERS_PER_BLOCK)]
        rows, columns, values = (np.concatenate(part) for part in zip(*parts)) if parts else ([], [], [])
        return csr_matrix((values, (rows, columns)), shape=X.shape)

    def _lists(self, X: csr_matrix, users: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Rows, columns and values of the predictions for `users`."""
        history = X[users]
        lengths = self.predict_topK + np.diff(history.indptr)
        n = min(int(lengths.max()), X.shape[1])
        items = self.model_.recommend(history, n=n, exclude_seen=False)
        places = np.broadcast_to(np.arange(n), items.shape)
        kept = (items >= 0) & (places < lengths[:, None])
        return np.repeat(users, kept.sum(axis=1)), items[kept], 1 / (1 + places[kept])
