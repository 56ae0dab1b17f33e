"""Clicks for the examples: from a file with lines "user,item", or generated."""

import csv

import numpy as np
import scipy.sparse as sp


def load(path=None):
    """The clicks of training users, and the known and the held-out clicks of validation users and of test users."""
    if path:
        with open(path, newline="") as file:
            users, items = zip(*((row[0], row[1]) for row in csv.reader(file) if row))
        rows, columns = (np.unique(ids, return_inverse=True)[1] for ids in (users, items))
        X = sp.csr_matrix((np.ones(len(rows)), (rows, columns)))
    else:
        X = generate()
    order = np.random.default_rng(1).permutation(X.shape[0])
    tenth = len(order) // 10
    return X[order[2 * tenth :]], hold_out(X[order[:tenth]], 2), hold_out(X[order[tenth : 2 * tenth]], 3)


def generate(users=2_000, items=300, groups=12):
    """Clicks [users, items]: each user likes the items of two groups, and popular items of the others."""
    random = np.random.default_rng(0)
    group = np.arange(items) % groups
    likes = np.zeros((users, groups))
    for _ in range(2):
        likes[np.arange(users), random.integers(groups, size=users)] = 1
    popularity = random.pareto(2, size=items) + 0.3
    return sp.csr_matrix((random.random((users, items)) < 0.25 * popularity * (likes[:, group] + 0.05)).astype(np.float32))


def hold_out(X, seed, share=0.2):
    """The known and the held-out clicks of the same users."""
    X = X.tocsr()
    held_out = np.random.default_rng(seed).random(X.nnz) < share
    parts = [X.copy(), X.copy()]
    for part, kept in zip(parts, (~held_out, held_out)):
        part.data = part.data * kept
        part.eliminate_zeros()
    return tuple(parts)
