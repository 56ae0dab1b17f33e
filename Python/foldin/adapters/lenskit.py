"""Foldin's models as a scorer of LensKit.

>>> pipeline = lenskit.topn_pipeline(FoldinScorer(foldin.EASE(lambda_=300)))
>>> pipeline.train(dataset)
"""

from __future__ import annotations

from typing import Any

import numpy as np
from lenskit.data import Dataset, ItemList, QueryInput, RecQuery
from lenskit.pipeline import Component
from lenskit.training import Trainable, TrainingOptions
from pydantic import BaseModel

from .._recommender import Recommender
from ._models import unfitted


class FoldinConfig(BaseModel):
    """The family of a model, and its parameters."""

    model: str = "mult-vae"
    """The family, such as "ease"."""

    options: dict[str, Any] = {}
    """The parameters that are not the defaults, such as "lambda_", "seed" and "threads"."""


class FoldinScorer(Component[ItemList], Trainable):
    """Scores items by a Foldin model.

    Every interaction is a click, whatever its rating. The history is that of the query, so that users who are not in the training data
    are scored too. Items that are not in the training data have the score NaN, and so have all items for a query without known items.

    Args:
        config: a `FoldinConfig`, a Foldin model, or None for a configuration of the other arguments.

    Raises ValueError for a family or a parameter that does not exist.
    """

    config: FoldinConfig

    def __init__(self, config: FoldinConfig | Recommender | None = None, **arguments: Any) -> None:
        if isinstance(config, Recommender):
            config = FoldinConfig(model=config.family, options=config._changed())
        super().__init__(config, **arguments)
        self.model = unfitted(self.config.model, self.config.options)

    def train(self, data: Dataset, options: TrainingOptions = TrainingOptions()) -> None:
        """Trains the model. With `options.rng` the seed of a model with random numbers is drawn from it."""
        if hasattr(self, "items") and not options.retrain:
            return
        if options.rng is not None and hasattr(self.model, "seed"):
            self.model.set_params(seed=int(options.random_generator().integers(2**31)))
        self.items = data.items
        self.model.fit(data.interactions().matrix().scipy())

    def __call__(self, query: QueryInput, items: ItemList) -> ItemList:
        """The items with their scores."""
        known = np.unique(self._numbers(RecQuery.create(query).query_items))
        known = known[known >= 0]
        if known.size == 0:
            return ItemList(items, scores=np.nan)
        scores = self.model.score((np.zeros(known.size, int), known))[0]
        # The number of an unknown item, -1, is the place of the last score.
        return ItemList(items, scores=np.append(scores, np.float32(np.nan))[self._numbers(items)])

    def _numbers(self, items: ItemList | None) -> np.ndarray:
        """The columns of the items, -1 for an unknown one."""
        return items.numbers(vocabulary=self.items, missing="negative") if items else np.zeros(0, np.int32)
