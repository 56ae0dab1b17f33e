"""Clicks from which models can learn."""

import numpy as np
import pytest
import scipy.sparse as sp


def pytest_configure(config):
    for mark in ("slow", "eval"):
        config.addinivalue_line("markers", f"{mark}: of LensKit's tests")


@pytest.fixture(scope="session")
def clicks():
    """The known and the held-out clicks of 300 users in 6 groups, two matrices [300, 90]; every tenth user has none held out."""
    random = np.random.default_rng(7)
    groups = random.integers(6, size=300)
    likes = np.where(np.arange(90)[None, :] % 6 == groups[:, None], 0.6, 0.05) * random.uniform(0.4, 1, size=90)
    X = random.random((300, 90)) < likes
    X[np.arange(300), random.integers(90, size=300)] = True
    held_out = X & (random.random(X.shape) < 0.3)
    held_out[X.sum(axis=1) == held_out.sum(axis=1)] = False
    held_out[::10] = False
    return sp.csr_matrix((X & ~held_out).astype(float)), sp.csr_matrix(held_out.astype(float))
