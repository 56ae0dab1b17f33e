"""Autoencoders and linear models for recommendations from clicks.

>>> model = foldin.MultVAE(latent=200, hidden=(600,)).fit(clicks)
>>> model.recommend(clicks, n=10)
"""

from ._dataset import Dataset, Histories, prepare, split
from ._recommender import NotFittedError, Recommender, load
from ._version import version as __version__
from .models import EASE, EDLAE, ELSA, IALS, MRF, ChebyCF, ItemKNN, MultDAE, MultVAE, Popularity, RecVAE

__all__ = [
    "EASE", "EDLAE", "ELSA", "IALS", "MRF", "ChebyCF", "Dataset", "Histories", "ItemKNN", "MultDAE", "MultVAE", "NotFittedError", "Popularity",
    "RecVAE", "Recommender",
    "__version__", "load", "prepare", "split",
]  # fmt: skip
