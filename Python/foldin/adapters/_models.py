"""What the adapters have in common."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .._recommender import Recommender
from ..models import all_models


def unfitted(model: Recommender | str, options: Mapping[str, Any] | None = None) -> Recommender:
    """A new model with the parameters of `model`, or of the family of that name, and `options` set.

    Raises ValueError for a family or a parameter that does not exist.
    """
    if isinstance(model, Recommender):
        copy = type(model)(**model.get_params())
    else:
        kinds = {kind.family: kind for kind in all_models}
        if model not in kinds:
            raise ValueError(f"found the model {model!r}; expected one of {', '.join(kinds)}")
        copy = kinds[model]()
    return copy.set_params(**(options or {}))
