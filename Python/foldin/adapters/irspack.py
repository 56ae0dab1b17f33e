"""Foldin's models as a recommender of irspack.

>>> recommender = FoldinRecommender(X, foldin.EASE(lambda_=300)).learn()
>>> Evaluator(held_out, cutoff=20).get_score(recommender)
"""

from __future__ import annotations

from typing import Any

import numpy as np
from irspack.definitions import InteractionMatrix
from irspack.optimization.parameter_range import ParameterRange
from irspack.recommenders.base import BaseRecommender, RecommenderConfig
from pydantic import ConfigDict

from .._recommender import Recommender
from ._models import unfitted


class FoldinConfig(RecommenderConfig):
    """A Foldin model or the name of a family, and parameters of the model to change."""

    model_config = ConfigDict(extra="allow")
    model: Any = "mult-vae"


class FoldinRecommender(BaseRecommender):
    """Scores items by a Foldin model. An entry above 0 is a click.

    For `tune` give it a `parameter_suggest_function` that suggests parameters of the model, and the model by `model=`.

    Args:
        X_train_all: clicks [users, items].
        model: a Foldin model, or the name of a family.
        options: parameters of the model to change.

    Raises ValueError for a family or a parameter that does not exist.
    """

    config_class = FoldinConfig
    default_tune_range: list[ParameterRange] = []

    def __init__(self, X_train_all: InteractionMatrix, model: Recommender | str = "mult-vae", **options: Any) -> None:
        super().__init__(X_train_all)
        self.model = unfitted(model, options)

    def _learn(self) -> None:
        self.model.fit(self.X_train_all)

    def get_score(self, user_indices: np.ndarray) -> np.ndarray:
        """The scores of all items for some training users, float32 [users, items]."""
        return self.model.score(self.X_train_all[user_indices])

    def get_score_block(self, begin: int, end: int) -> np.ndarray:
        """The same for the users from `begin` up to `end`."""
        return self.model.score(self.X_train_all[begin:end])

    def get_score_cold_user(self, X: InteractionMatrix) -> np.ndarray:
        """The scores of all items for other users with the clicks `X` [users, items]."""
        return self.model.score(X)
