#!/usr/bin/env python3
"""Writes chebyshev.json: generated clicks and what ChebyCF makes of them, in NumPy's double precision, by the spectrum of the graph.

The filter's polynomial is found by NumPy's interpolation through the nodes and evaluated at the eigenvalues of T = I - 2 R^T R; Foldin evaluates a
recurrence of sparse products instead. The projection is that of NumPy's singular value decomposition.

    python3 chebyshev_reference.py > ../FoldinBaselinesTests/Fixtures/chebyshev.json
"""

import json

import numpy as np

USERS, ITEMS = 60, 23


def clicks():
    random = np.random.RandomState(11)
    taste = random.randn(USERS, 3) @ random.randn(3, ITEMS) + 0.5 * random.randn(USERS, ITEMS) + np.linspace(0.5, -1.2, ITEMS)
    x = (taste > 0.6).astype(float)
    x[3] = 0  # a user without clicks
    x[:, 20] = 0  # an item without clicks
    return x


def normalized(x):
    users, items = (1 / np.sqrt(np.maximum(1, x.sum(axis=axis))) for axis in (1, 0))
    return users[:, None] * x * items


def polynomial(degree, flatness):
    """The coefficients of powers of the polynomial of this degree through the filter's values at the nodes."""
    k = np.arange(degree + 1)
    values = np.array([
        0.5 + 0.5 * abs(x) ** flatness if x < 0 else 0.5 - 0.5 * x**flatness for x in np.cos((degree - k) * np.pi / degree)
    ])
    nodes = np.cos((degree - k + 0.5) * np.pi / (degree + 1))
    return np.linalg.solve(np.vander(nodes, increasing=True), values)


def scores(x, history, degree, flatness, directions, weight, power):
    r = normalized(x)
    values, vectors = np.linalg.eigh(np.eye(ITEMS) - 2 * r.T @ r)
    response = np.polyval(polynomial(degree, flatness)[::-1], values)
    kernel = (vectors * response) @ vectors.T
    v = np.linalg.svd(r)[2][:directions]
    kernel += weight * v.T @ v
    counts = np.maximum(1, x.sum(axis=0))
    return kernel @ (history * counts**-power) * counts**power


def main():
    x = clicks()
    v = np.linalg.svd(normalized(x))[2][:3]
    print(
        json.dumps(
            {
                "rows": [np.flatnonzero(row).tolist() for row in x],
                "items": ITEMS,
                # The item without clicks is in the history as well.
                "history": np.flatnonzero(x[5]).tolist() + [20],
                "projector": (v.T @ v).tolist(),
                "cases": [
                    {"degree": k, "flatness": f, "directions": d, "weight": a, "power": b,
                     "scores": scores(x, np.maximum(x[5], np.eye(ITEMS)[20]), k, f, d, a, b).tolist()}
                    # All 22 directions of the items with clicks; fewer take more iterations than the fit makes.
                    for k, f, d, a, b in ((8, 1.5, 0, 0, 0.4), (1, 1.0, 0, 0, 0), (5, 3.0, 22, 0.7, 0.25), (12, 0.5, 22, 0.1, 1))
                ],
            }
        )
    )


main()
