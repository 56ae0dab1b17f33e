#!/usr/bin/env python3
"""Evaluates a model file with PyTorch and NumPy, in the usual way: the peer of `foldin evaluate`.

    numpy_evaluate.py MODEL.safetensors DIR [--on test] [--batch 500] [--threads 2]

Each batch of users is a dense matrix, to which the whole network is applied. Known items get minus infinity, argpartition finds the 100
best, and NDCG@100, Recall@20 and Recall@50 follow. The time includes the forward pass but not reading files. Prints one JSON line.
Needs numpy, scipy, torch and safetensors.
"""
import argparse
import json
import os
import time

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.torch import load_file
from scipy import sparse

parser = argparse.ArgumentParser()
parser.add_argument("model")
parser.add_argument("directory")
parser.add_argument("--on", default="test")
parser.add_argument("--batch", type=int, default=500)
parser.add_argument("--threads", type=int, default=os.cpu_count())
options = parser.parse_args()
torch.set_num_threads(options.threads)

weights = load_file(options.model)
encoder = [weights[f"encode.q_layers.linear_{i}.{kind}"] for i in (0, 1) for kind in ("weight", "bias")]
decoder = [weights[f"decode.p_layers.linear_{i}.{kind}"] for i in (0, 1) for kind in ("weight", "bias")]
items, latent = decoder[2].shape[0], decoder[0].shape[1]


def clicks(name):
    pairs = np.loadtxt(os.path.join(options.directory, f"{options.on}_{name}.csv"), delimiter=",", skiprows=1, dtype=np.int64)
    return pairs[:, 0], pairs[:, 1]


(known_users, known_items), (held_out_users, held_out_items) = clicks("tr"), clicks("te")
first = min(known_users.min(), held_out_users.min())
count = max(known_users.max(), held_out_users.max()) + 1 - first


def matrix(users, columns):
    return sparse.csr_matrix((np.ones(len(users), np.float32), (users - first, columns)), shape=(count, items))


known, held_out = matrix(known_users, known_items), matrix(held_out_users, held_out_items)


@torch.no_grad()
def scores_of(batch):
    """Mult-VAE with one hidden layer on each side, at the latent mean (the first half of the encoder's last layer)."""
    hidden = torch.tanh(F.linear(F.normalize(torch.from_numpy(batch)), encoder[0], encoder[1]))
    mean = F.linear(hidden, encoder[2], encoder[3])[:, :latent]
    return F.linear(torch.tanh(F.linear(mean, decoder[0], decoder[1])), decoder[2], decoder[3]).numpy()


def ndcg(scores, held_out, k=100):
    rows = np.arange(scores.shape[0])[:, None]
    best = np.argpartition(-scores, k, axis=1)[:, :k]
    best = best[rows, np.argsort(-scores[rows, best], axis=1)]
    discount = 1 / np.log2(np.arange(2, k + 2))
    gain = (held_out[rows, best].toarray() * discount).sum(axis=1)
    with np.errstate(invalid="ignore"):
        return gain / np.array([discount[: min(n, k)].sum() for n in held_out.getnnz(axis=1)])


def recall(scores, held_out, k):
    rows = np.arange(scores.shape[0])[:, None]
    best = np.argpartition(-scores, k, axis=1)[:, :k]
    hits = held_out[rows, best].toarray().sum(axis=1)
    with np.errstate(invalid="ignore"):
        return hits / np.minimum(k, held_out.getnnz(axis=1))


began = time.perf_counter()
values = {"ndcg@100": [], "recall@20": [], "recall@50": []}
for start in range(0, count, options.batch):
    rows = slice(start, min(start + options.batch, count))
    batch = known[rows].toarray()
    scores = scores_of(batch)
    scores[batch.nonzero()] = -np.inf
    values["ndcg@100"].append(ndcg(scores, held_out[rows]))
    values["recall@20"].append(recall(scores, held_out[rows], 20))
    values["recall@50"].append(recall(scores, held_out[rows], 50))
metrics = {name: float(np.nanmean(np.concatenate(parts))) for name, parts in values.items()}
seconds = time.perf_counter() - began
print(json.dumps({"torch": torch.__version__, "numpy": np.__version__, "users": int(count), "items": items,
                  "threads": options.threads, "seconds": round(seconds, 3), "metrics": metrics}))
