#!/usr/bin/env python3
"""Writes Tests/FoldinBaselinesTests/Fixtures/ials.json: losses and scores of implicit ALS on generated clicks, in NumPy's double precision.

    python3 Tests/Reference/ials_reference.py

A half sweep solves the normal equations of each user or item as they are written in the paper, with the matrix alpha0 V'V + sum over the
clicks v v' + penalty I. The loss is the sum over all pairs. The script fails if the loss has a smaller value near a solution.
"""
import json
import pathlib

import numpy as np

USERS, ITEMS, ITERATIONS = 41, 23, 3


def clicks():
    random = np.random.RandomState(5)
    taste = random.randn(USERS, 3) @ random.randn(3, ITEMS) + 0.5 * random.randn(USERS, ITEMS) + np.linspace(0.8, -1.2, ITEMS)
    x = (taste > 0.6).astype(float)
    x[3] = 0  # a user without clicks
    x[4] = 1  # and one who clicked all
    x[:, 20] = 0
    x[4, 20] = 0  # an item without clicks
    return x


def penalties(counts, others, case):
    return case["lambda"] * (counts + case["unobserved_weight"] * others) ** case["frequency_power"]


def loss(x, w, h, case):
    s = w @ h.T
    fit = (x * (1 - s) ** 2).sum() + case["unobserved_weight"] * (s**2).sum()
    of_users = (penalties(x.sum(1), ITEMS, case) * (w**2).sum(1)).sum()
    return fit + of_users + (penalties(x.sum(0), USERS, case) * (h**2).sum(1)).sum()


def solved(x, fixed, case):
    """The rows that minimise the loss with the vectors of the columns of x fixed."""
    width = fixed.shape[1]
    common = case["unobserved_weight"] * fixed.T @ fixed
    rows = np.zeros((x.shape[0], width))
    for row, penalty in enumerate(penalties(x.sum(1), x.shape[1], case)):
        own = fixed[x[row] > 0]
        rows[row] = np.linalg.solve(common + own.T @ own + penalty * np.eye(width), own.sum(0))
    return rows


def run(x, latent, case):
    random = np.random.RandomState(latent)
    # As 32-bit floats, which is what Foldin starts from.
    h = (0.1 / np.sqrt(latent) * random.randn(ITEMS, latent)).astype(np.float32).astype(float)
    start, losses = h, []
    for _ in range(ITERATIONS):
        w = solved(x, h, case)
        losses.append(loss(x, w, h, case))
        h = solved(x.T, w, case)
        losses.append(loss(x, w, h, case))
    for _ in range(20):
        assert loss(x, w, h + 1e-3 * random.randn(*h.shape), case) > losses[-1]
    assert all(a > b for a, b in zip(losses, losses[1:]))
    folded = solved(x, h, case)
    return {
        **case, "latent": latent, "start": [float(f"{v:.9g}") for v in start.flatten()], "losses": losses,
        "scores": [float(f"{v:.9g}") for v in (folded @ h.T).flatten()],
    }


x = clicks()
cases = [
    run(x, latent, {"unobserved_weight": weight, "lambda": penalty, "frequency_power": power})
    for latent, weight, penalty, power in ((5, 0.1, 0.02, 1.0), (12, 0.3, 0.1, 0.5), (23, 0.05, 0.7, 0.0))
]
path = pathlib.Path(__file__).parent.parent / "FoldinBaselinesTests/Fixtures/ials.json"
path.write_text(
    json.dumps({"items": ITEMS, "iterations": ITERATIONS, "rows": [np.flatnonzero(r).tolist() for r in x], "cases": cases}) + "\n")
