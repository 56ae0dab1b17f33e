#!/usr/bin/env python3
"""Trains ELSA with its authors' package, elsarec, on a directory that `foldin prepare` wrote: the peer of `foldin train --model elsa`.

    elsa_train.py DIR [--seed 1] [--latent 512] [--epochs 30] [--batch-size 500] [--learning-rate 0.01] [--threads 2]

Keeps the epoch with the best validation NDCG@100. Prints one JSON line: seconds, the best epoch, its validation and its test metrics.
Needs numpy, scipy, torch and elsarec.
"""
import argparse
import json
import pathlib
import time

import numpy as np
import torch
from elsa import ELSA

parser = argparse.ArgumentParser()
parser.add_argument("directory", type=pathlib.Path)
parser.add_argument("--seed", type=int, default=1)
parser.add_argument("--latent", type=int, default=512)
parser.add_argument("--epochs", type=int, default=30)
parser.add_argument("--batch-size", type=int, default=500)
parser.add_argument("--learning-rate", type=float, default=0.01)
parser.add_argument("--threads", type=int, default=2)
options = parser.parse_args()
torch.manual_seed(options.seed)
torch.set_num_threads(options.threads)
items = len((options.directory / "unique_sid.txt").read_text().splitlines())


def clicks(*names):
    """Dense 0/1 matrices with one row for each user in any of the files."""
    pairs = [np.loadtxt(options.directory / f"{name}.csv", delimiter=",", skiprows=1, dtype=np.int64) for name in names]
    users = np.unique(np.concatenate([p[:, 0] for p in pairs]))
    matrices = []
    for p in pairs:
        matrix = torch.zeros(len(users), items)
        matrix[torch.from_numpy(np.searchsorted(users, p[:, 0])), torch.from_numpy(p[:, 1])] = 1
        matrices.append(matrix)
    return matrices


@torch.no_grad()
def evaluate(part):
    known, targets = held_out[part]
    scores = model(known).masked_fill(known > 0, -torch.inf)
    hits = targets.gather(1, scores.topk(100).indices).double()
    counts = targets.sum(1).double()
    hits, counts = hits[counts > 0], counts[counts > 0]
    ideal = discount.cumsum(0)[counts.clamp(max=100).long() - 1]
    return {
        "ndcg@100": ((hits * discount).sum(1) / ideal).mean().item(),
        "recall@20": (hits[:, :20].sum(1) / counts.clamp(max=20)).mean().item(),
        "recall@50": (hits[:, :50].sum(1) / counts.clamp(max=50)).mean().item(),
    }


(train,) = clicks("train")
held_out = {part: clicks(f"{part}_tr", f"{part}_te") for part in ("validation", "test")}
discount = 1 / torch.log2(torch.arange(2, 102).double())
model = ELSA(items, options.latent, device=torch.device("cpu"), lr=options.learning_rate)
best, began = None, time.perf_counter()
for epoch in range(1, options.epochs + 1):
    model.fit(train[torch.randperm(len(train))], epochs=1, batch_size=options.batch_size, shuffle=False, verbose=False)
    validation = evaluate("validation")["ndcg@100"]
    if best is None or validation > best["validation"]:
        best = {"epoch": epoch, "validation": validation, "test": evaluate("test")}
print(json.dumps({"seconds": time.perf_counter() - began, **best}))
