#!/usr/bin/env python3
"""Writes baselines_reference.json: generated clicks and the weights of item-KNN, EASE and EDLAE for them, in NumPy's double precision.

The weights of EASE are computed one column at a time, as the ridge regression of an item on all others, not by the formula with the
inverse that Foldin uses. Those of EDLAE are computed in two ways: on the generated clicks by that regression with the penalty p / (1 - p) G_ii +
lambda, and on five items as the minimum of the denoising loss itself, the mean over all 32 ways to drop columns, from its normal equations.
The script fails if the two ways disagree there.

    python3 baselines_reference.py > ../FoldinBaselinesTests/Fixtures/baselines.json
"""

import itertools
import json

import numpy as np

USERS, ITEMS = 60, 23


def clicks():
    random = np.random.RandomState(7)
    taste = random.randn(USERS, 3) @ random.randn(3, ITEMS) + 0.5 * random.randn(USERS, ITEMS) + np.linspace(0.5, -1.2, ITEMS)
    x = (taste > 0.6).astype(float)
    x[3] = 0  # a user without clicks
    x[:, 20] = 0  # an item without clicks
    return x


def ridge(x, penalties):
    """B with a diagonal of zeros that minimises |X - XB|^2 + sum_i penalties_i |B_i|^2, column by column."""
    items = x.shape[1]
    weights = np.zeros((items, items))
    for item in range(items):
        others = [i for i in range(items) if i != item]
        a = x[:, others]
        weights[others, item] = np.linalg.solve(a.T @ a + np.diag(penalties[others]), a.T @ x[:, item])
    return weights


def ease(x, penalty):
    return ridge(x, np.full(x.shape[1], float(penalty)))


def edlae(x, dropout, penalty):
    return ridge(x, dropout / (1 - dropout) * (x * x).sum(axis=0) + penalty)


def edlae_by_its_loss(x, dropout):
    """The minimum of the mean over all masks m of the squared error at dropped columns: for column j, over the masks that drop it."""
    items = x.shape[1]
    weights = np.zeros((items, items))
    for item in range(items):
        left = np.zeros((items, items))
        right = np.zeros(items)
        for mask in itertools.product([0.0, 1.0], repeat=items):
            if mask[item] == 1:
                continue
            chance = np.prod([1 - dropout if kept else dropout for kept in mask])
            z = x * np.array(mask)
            left += chance * z.T @ z
            right += chance * z.T @ x[:, item]
        others = [i for i in range(items) if i != item]
        weights[others, item] = np.linalg.solve(left[np.ix_(others, others)], right[others])
    return weights


def item_knn(x, neighbours, shrinkage):
    """Row j: the similarities of item j to its neighbours, 0 elsewhere."""
    items = x.shape[1]
    counts = x.sum(axis=0)
    both = x.T @ x
    similarity = both / (np.sqrt(np.outer(counts, counts)) + shrinkage + 1e-300)
    np.fill_diagonal(similarity, 0)
    kept = np.zeros_like(similarity)
    for item in range(items):
        # Stable sort: of equal values the lower index comes first.
        order = np.argsort(-similarity[item].astype(np.float32), kind="stable")[:neighbours]
        kept[item, order] = similarity[item, order]
    return kept


def main():
    x = clicks()
    small = x[:, :5]
    scale = 1 - 0.3
    assert np.allclose(edlae_by_its_loss(small, 0.3) * scale, edlae(small, 0.3, 0), atol=1e-10)
    history = x[5]
    print(
        json.dumps(
            {
                "rows": [np.flatnonzero(row).tolist() for row in x],
                "items": ITEMS,
                "ease": [{"lambda": p, "weights": ease(x, p).tolist()} for p in (0.5, 20)],
                "edlae": [{"dropout": d, "lambda": p, "weights": edlae(x, d, p).tolist()} for d, p in ((0.3, 1.0), (0.75, 20))],
                "edlae_small": {"dropout": 0.3, "items": 5, "weights": (edlae_by_its_loss(small, 0.3) * scale).tolist()},
                "item_knn": [
                    {"neighbours": k, "shrinkage": s, "likenesses": item_knn(x, k, s).tolist(),
                     "scores": (item_knn(x, k, s) @ history).tolist()}
                    for k, s in ((3, 0), (5, 10), (100, 2.5))
                ],
                "history": np.flatnonzero(history).tolist(),
            }
        )
    )


main()
