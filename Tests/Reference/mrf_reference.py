#!/usr/bin/env python3
"""Writes mrf.json: generated clicks and the weights of a sparse Markov random field for them, in NumPy's double precision.

The weights to an item are computed as in the paper, from the inverse P of the block of the Gram matrix of the item and its neighbours with the
penalties: -P_ij / P_jj. Foldin solves the system of the neighbours alone.

    python3 mrf_reference.py > ../FoldinBaselinesTests/Fixtures/mrf.json
"""

import json

import numpy as np

USERS, ITEMS, SEED = 150, 75, 12


def clicks():
    random = np.random.RandomState(SEED)
    taste = random.randn(USERS, 4) @ random.randn(4, ITEMS) + random.randn(USERS, ITEMS) + np.linspace(0, -4, ITEMS)
    x = (taste > 0.8).astype(float)
    x[3] = 0  # a user without clicks
    x[4] = np.arange(ITEMS) == 7  # a user with a single click
    x[:, 20] = 0  # an item without clicks
    return x


def gram_of(x, beta):
    users = np.maximum(x.sum(axis=1), 1) ** -beta
    return x.T @ (users[:, None] * x)


def neighbours_of(gram, item, most):
    """The items with the largest G_ij / G_jj^0.25, the lower index first among equal ones."""
    own = np.where(gram.diagonal() > 0, gram.diagonal(), 1)
    sizes = gram[item] / own**0.25
    sizes[item] = 0
    order = np.argsort(-np.round(sizes, 9), kind="stable")
    kept = [i for i in order[:most] if sizes[i] > 0]
    # No choice may depend on rounding: an item that is left out is either smaller by a margin or has the same counts.
    for i in order[most:]:
        if kept and sizes[i] > 0:
            last = kept[-1]
            assert sizes[last] - sizes[i] > 1e-5 or (
                abs(gram[item, last] - gram[item, i]) < 1e-12 and abs(own[last] - own[i]) < 1e-12
            ), (item, last, i)
    return sorted(kept)


def mrf(x, most, dropout, penalty, beta, alpha, thresholded):
    gram = gram_of(x, beta)
    n = x.sum(axis=0)
    lists = [neighbours_of(gram, item, most) for item in range(ITEMS)]
    if thresholded:
        known = np.eye(ITEMS, dtype=bool)
        for item, kept in enumerate(lists):
            known[item, kept] = known[kept, item] = True
        gram = np.where(known, gram, 0)
    weights = np.zeros((ITEMS, ITEMS))
    for item, kept in enumerate(lists):
        if not kept:
            continue
        block = kept + [item]
        inverse = np.linalg.inv(gram[np.ix_(block, block)] + np.diag(dropout / (1 - dropout) * n[block] + penalty))
        own = max(1, n[item])
        weights[kept, item] = -inverse[:-1, -1] / inverse[-1, -1] * (n[kept] / own) ** alpha
        # Foldin would raise the diagonal of a block that is not positive definite.
        assert np.linalg.eigvalsh(gram[np.ix_(kept, kept)] + np.diag(dropout / (1 - dropout) * n[kept] + penalty)).min() > 0.05
    return weights, lists


def case(x, most, dropout, penalty, beta, alpha, thresholded):
    weights, lists = mrf(x, most, dropout, penalty, beta, alpha, thresholded)
    return {
        "neighbours": most, "dropout": dropout, "lambda": penalty, "user_power": beta, "item_power": alpha,
        "thresholded": thresholded,
        "lists": [list(map(int, kept)) for kept in lists],
        "weights": [np.round(weights[kept, item], 7).tolist() for item, kept in enumerate(lists)],
    }


def main():
    x = clicks()
    settings = [(3, 0.3, 1, 0, 0, False), (12, 0.65, 0, 0.5, 0.2, False), (12, 0.65, 0, 0.5, 0.2, True), (68, 0.5, 2, 1, 0.4, True)]
    print(json.dumps({
        "rows": [np.flatnonzero(row).tolist() for row in x], "items": ITEMS, "cases": [case(x, *setting) for setting in settings],
    }))


main()
