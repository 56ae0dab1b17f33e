#!/usr/bin/env python3
"""Writes metrics_reference.json: generated users, scores and their metrics in plain NumPy, independent of Foldin's code.

The first three metrics follow the evaluation code published with the paper (Liang et al. 2018), which works on whole
matrices; the others follow their definitions, one user at a time. Scores are distinct, so there are no ties.

    python3 metrics_reference.py > metrics_reference.json
"""

import json

import numpy as np

USERS, ITEMS, TRAINING_USERS = 37, 60, 50
CUTOFFS = [1, 5, 20, 100]


def ndcg(scores, held_out, k):
    k = min(k, scores.shape[1])
    order = np.argsort(-scores, axis=1)[:, :k]
    discount = 1.0 / np.log2(np.arange(2, k + 2))
    dcg = (np.take_along_axis(held_out, order, axis=1) * discount).sum(axis=1)
    ideal = np.array([discount[: min(n, k)].sum() for n in held_out.sum(axis=1).astype(int)])
    return dcg / ideal


def recall(scores, held_out, k):
    order = np.argsort(-scores, axis=1)[:, :k]
    chosen = np.zeros_like(held_out)
    np.put_along_axis(chosen, order, 1, axis=1)
    return (chosen * held_out).sum(axis=1) / np.minimum(k, held_out.sum(axis=1))


def listed(scores, k):
    """The ranked items of each user, masked ones left out."""
    for row in scores:
        order = np.argsort(-row)
        yield [int(item) for item in order[np.isfinite(row[order])][:k]]


def a_user(name, ranked, targets, k, counts):
    found = [item in targets for item in ranked]
    size = min(k, ITEMS)
    if name == "recall-all":
        return sum(found) / len(targets)
    if name == "precision":
        return sum(found) / size
    if name == "hit-rate":
        return float(any(found))
    if name == "mrr":
        return 1 / (found.index(True) + 1) if any(found) else 0.0
    if name == "map":
        return sum(sum(found[: i + 1]) / (i + 1) for i in range(len(found)) if found[i]) / min(k, len(targets))
    if name == "popularity":
        return float(np.mean([counts[item] / TRAINING_USERS for item in ranked]))
    raise ValueError(name)


def gini(counts):
    """Half the mean absolute difference of all pairs, relative to the mean."""
    return float(np.abs(counts[:, None] - counts[None, :]).mean() / (2 * counts.mean()))


def main():
    random = np.random.default_rng(7)
    training = random.random((TRAINING_USERS, ITEMS)) < np.linspace(0.6, 0.02, ITEMS)
    clicked = random.random((USERS, ITEMS)) < 0.25
    held = clicked & (random.random((USERS, ITEMS)) < 0.4)
    held[5] = held[22] = False  # two users to skip
    fold_in = clicked & ~held
    scores = random.permutation(USERS * ITEMS).reshape(USERS, ITEMS).astype(np.float32) / 1024
    scores += held * 0.6

    evaluated = np.flatnonzero(held.any(axis=1))
    masked = np.where(fold_in, -np.inf, scores)[evaluated]
    targets = held[evaluated]
    counts = training.sum(axis=0)
    per_user, catalogue = {}, {}
    for k in CUTOFFS:
        per_user[f"ndcg@{k}"] = ndcg(masked, targets.astype(float), k)
        per_user[f"recall@{k}"] = recall(masked, targets.astype(float), k)
        lists = list(listed(masked, k))
        for name in ["recall-all", "precision", "hit-rate", "mrr", "map", "popularity"]:
            per_user[f"{name}@{k}"] = np.array(
                [a_user(name, ranked, set(np.flatnonzero(row)), k, counts) for ranked, row in zip(lists, targets)])
        catalogue[f"coverage@{k}"] = len(set().union(*lists)) / ITEMS
        catalogue[f"gini@{k}"] = gini(np.bincount(np.concatenate(lists), minlength=ITEMS))

    def rows(matrix):
        return [[int(item) for item in np.flatnonzero(row)] for row in matrix]

    print(json.dumps({
        "items": ITEMS,
        "training": rows(training),
        "fold_in": rows(fold_in),
        "held_out": rows(held),
        "scores": [[float(score) for score in row] for row in scores],
        "users": len(evaluated),
        "skipped_users": USERS - len(evaluated),
        "metrics": {
            **{name: {"mean": float(v.mean()), "standard_error": float(v.std(ddof=1) / np.sqrt(len(v)))}
               for name, v in per_user.items()},
            **{name: {"mean": share, "standard_error": None} for name, share in catalogue.items()},
        },
    }, separators=(",", ":")))


if __name__ == "__main__":
    main()
