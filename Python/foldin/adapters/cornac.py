"""Foldin's models as a recommender of Cornac.

>>> cornac.Experiment(RatioSplit(data), [Foldin(foldin.EASE())], [cornac.metrics.NDCG(k=20)]).run()
"""

from __future__ import annotations

from typing import Any

import numpy as np
from cornac.data import Dataset
from cornac.exception import ScoreException
from cornac.models import Recommender as CornacRecommender

from .._recommender import Recommender
from ._models import unfitted


class Foldin(CornacRecommender):
    """Ranks items by a Foldin model. A rating above 0 is a click.

    Args:
        model: a Foldin model, or the name of a family.
        name: the name in Cornac's tables; by default that of the model's class.
        trainable: whether `fit` trains the model, or keeps what it learnt before.
        verbose: whether progress is shown.

    Raises ValueError for a family that does not exist.
    """

    def __init__(
        self, model: Recommender | str = "mult-vae", name: str | None = None, trainable: bool = True, verbose: bool = False
    ) -> None:
        self.model = unfitted(model)
        super().__init__(name=name or type(self.model).__name__, trainable=trainable, verbose=verbose)

    def clone(self, new_params: dict[str, Any] | None = None) -> Foldin:
        """A new recommender with other parameters of the model, for Cornac's searches."""
        return Foldin(unfitted(self.model, new_params), self.name, self.trainable, self.verbose)

    def fit(self, train_set: Dataset, val_set: Dataset | None = None) -> Foldin:
        """Trains the model. The epoch that ranks the ratings of `val_set` best is kept, if the model has epochs."""
        super().fit(train_set, val_set)
        if self.trainable:
            self.clicks = train_set.csr_matrix
            validation = None
            if val_set is not None:
                validation = (self.clicks, val_set.csr_matrix[: self.num_users, : self.num_items])
                validation[1].resize(self.clicks.shape)
            self.model.set_params(verbose=self.verbose or self.model.verbose).fit(self.clicks, validation=validation)
        return self

    def score(self, user_idx: int, item_idx: int | None = None) -> np.ndarray | np.float32:
        """The scores of all items of the training data for a user, float32 [items], or that of one item.

        Raises ScoreException for a user or an item that is not in the training data.
        """
        if self.is_unknown_user(user_idx):
            raise ScoreException(f"found the user {user_idx}; expected 0 to {self.num_users - 1}")
        if item_idx is not None and self.is_unknown_item(item_idx):
            raise ScoreException(f"found the item {item_idx}; expected 0 to {self.num_items - 1}")
        scores = self.model.score(self.clicks[user_idx])[0]
        return scores if item_idx is None else scores[item_idx]
