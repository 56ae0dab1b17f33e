"""Foldin's models as a model of RecTools.

>>> model = FoldinModel(foldin.EASE(lambda_=300)).fit(dataset)
>>> model.recommend(users, dataset, k=10, filter_viewed=True)
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from rectools.dataset import Dataset
from rectools.models.base import InternalRecoTriplet, ModelBase, ModelConfig

from .._recommender import Recommender
from ._models import unfitted

_TARGETS_PER_BLOCK = 1_000


class FoldinModelConfig(ModelConfig):
    """The family of a model, and its parameters that are not the defaults."""

    model: str = "mult-vae"
    options: dict[str, Any] = {}


class FoldinModel(ModelBase[FoldinModelConfig]):
    """Recommends by a Foldin model. An interaction with a weight above 0 is a click.

    Recommends to users with interactions only. An item is never similar to itself, even without `filter_itself`.

    Args:
        model: a Foldin model, or the name of a family.
        options: parameters of the model to change.
        verbose: shows progress if it is above 0.

    Raises ValueError for a family or a parameter that does not exist.
    """

    config_class = FoldinModelConfig

    def __init__(self, model: Recommender | str = "mult-vae", options: Mapping[str, Any] | None = None, verbose: int = 0) -> None:
        super().__init__(verbose=verbose)
        self.model = unfitted(model, options)
        if verbose:
            self.model.set_params(verbose=True)

    def _get_config(self) -> FoldinModelConfig:
        return FoldinModelConfig(cls=type(self), model=self.model.family, options=self.model._changed(), verbose=self.verbose)

    @classmethod
    def _from_config(cls, config: FoldinModelConfig) -> FoldinModel:
        return cls(config.model, config.options, config.verbose)

    def _fit(self, dataset: Dataset) -> None:  # type: ignore[override]
        self.model.fit(dataset.get_user_item_matrix())

    def _recommend_u2i(
        self, user_ids: np.ndarray, dataset: Dataset, k: int, filter_viewed: bool, sorted_item_ids_to_recommend: np.ndarray | None,
    ) -> InternalRecoTriplet:  # fmt: skip
        allowed = sorted_item_ids_to_recommend
        if allowed is not None:
            allowed = allowed[allowed < len(self.model.items_)]
        histories = dataset.get_user_item_matrix()[user_ids]
        items, scores = self.model.recommend(histories, n=k, exclude_seen=filter_viewed, allow=allowed, return_scores=True)
        return _triplet(user_ids, items, scores, items >= 0)

    def _recommend_i2i(
        self, target_ids: np.ndarray, dataset: Dataset, k: int, sorted_item_ids_to_recommend: np.ndarray | None,
    ) -> InternalRecoTriplet:  # fmt: skip
        allowed = sorted_item_ids_to_recommend
        parts = []
        for start in range(0, len(target_ids), _TARGETS_PER_BLOCK):
            targets = target_ids[start : start + _TARGETS_PER_BLOCK]
            items, scores = self.model.similar(targets, n=k if allowed is None else len(self.model.items_), return_scores=True)
            kept = items >= 0
            if allowed is not None:
                kept &= np.isin(items, allowed)
                kept &= kept.cumsum(axis=1) <= k
            parts.append(_triplet(targets, items, scores, kept))
        return self._concat_reco(parts)


def _triplet(targets: np.ndarray, items: np.ndarray, scores: np.ndarray, kept: np.ndarray) -> InternalRecoTriplet:
    """The lists [targets, n] as three columns, with those entries that are kept."""
    return np.repeat(targets, kept.sum(axis=1)), items[kept], scores[kept]
