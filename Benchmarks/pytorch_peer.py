#!/usr/bin/env python3
"""One training step of Mult-VAE in PyTorch on the CPU, timed: the peer of `foldin bench step`.

    pytorch_peer.py RATINGS.csv --items 20108 [--mode eager|best] [--precision fp32|bf16] [--batch 500] [--steps 20] [--threads 2]

RATINGS.csv is the output of `foldin datasets make`. `eager` is the usual way: a dense batch, a dense first layer, log_softmax,
Adam. `best` is the fastest PyTorch program that we know: an embedding bag of the clicked items, torch.compile, fused Adam (needs a C
compiler). Both have hidden 600, latent 200, dropout 0.5. With bf16 the forward pass runs under autocast: linear layers in bfloat16,
weights and Adam in single precision. Prints one JSON line. Needs numpy and torch.
"""
import argparse
import json
import os
import statistics
import time

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

HIDDEN, LATENT, DROPOUT, BETA = 600, 200, 0.5, 0.1


class Eager(nn.Module):
    def __init__(self, items):
        super().__init__()
        self.encoder = nn.ModuleList([nn.Linear(items, HIDDEN), nn.Linear(HIDDEN, 2 * LATENT)])
        self.decoder = nn.ModuleList([nn.Linear(LATENT, HIDDEN), nn.Linear(HIDDEN, items)])

    def first(self, batch):
        return self.encoder[0](F.dropout(F.normalize(batch["dense"]), DROPOUT))

    def forward(self, batch):
        moments = self.encoder[1](torch.tanh(self.first(batch)))
        mean, logvar = moments.chunk(2, dim=1)
        latent = mean + torch.randn_like(mean) * torch.exp(0.5 * logvar)
        scores = self.decoder[1](torch.tanh(self.decoder[0](latent)))
        divergence = -0.5 * (1 + logvar - mean**2 - logvar.exp()).sum(1).mean()
        return self.likelihood(scores, batch) + BETA * divergence

    def likelihood(self, scores, batch):
        return -(F.log_softmax(scores, 1) * batch["dense"]).sum(1).mean()


class Best(Eager):
    def __init__(self, items):
        super().__init__(items)
        self.bag = nn.EmbeddingBag(items, HIDDEN, mode="sum")
        self.bias = nn.Parameter(torch.zeros(HIDDEN))
        with torch.no_grad():
            self.bag.weight.copy_(self.encoder[0].weight.t())
        self.encoder[0] = nn.Identity()

    def first(self, batch):
        return self.bag(batch["items"], batch["starts"], per_sample_weights=F.dropout(batch["values"], DROPOUT)) + self.bias

    def likelihood(self, scores, batch):
        total = (torch.logsumexp(scores, 1) * batch["counts"]).sum() - scores[batch["rows"], batch["items"]].sum()
        return total / scores.shape[0]


def read(path, items):
    """Rows of item indices by user, from userId,movieId,rating with users ascending and items numbered from 1."""
    pairs = np.loadtxt(path, delimiter=",", skiprows=1, usecols=(0, 1), dtype=np.int64)
    starts = np.flatnonzero(np.diff(pairs[:, 0], prepend=-1))
    assert pairs[:, 1].max() <= items
    return np.split(pairs[:, 1] - 1, starts[1:])


def batch_of(users, items, mode):
    counts = np.array([len(u) for u in users])
    columns = np.concatenate(users)
    rows = np.repeat(np.arange(len(users)), counts)
    if mode == "eager":
        dense = torch.zeros(len(users), items)
        dense[torch.from_numpy(rows), torch.from_numpy(columns)] = 1
        return {"dense": dense}
    return {
        "items": torch.from_numpy(columns), "rows": torch.from_numpy(rows),
        "starts": torch.from_numpy(np.concatenate([[0], np.cumsum(counts)[:-1]])),
        "values": torch.from_numpy((1 / np.sqrt(counts))[rows].astype(np.float32)),
        "counts": torch.from_numpy(counts.astype(np.float32)),
    }


parser = argparse.ArgumentParser()
parser.add_argument("ratings")
parser.add_argument("--items", type=int, required=True)
parser.add_argument("--mode", choices=["eager", "best"], default="eager")
parser.add_argument("--precision", choices=["fp32", "bf16"], default="fp32")
parser.add_argument("--batch", type=int, default=500)
parser.add_argument("--steps", type=int, default=20)
parser.add_argument("--warm-up", type=int, default=5)
parser.add_argument("--threads", type=int, default=os.cpu_count())
options = parser.parse_args()

torch.set_num_threads(options.threads)
torch.manual_seed(0)
users = read(options.ratings, options.items)
model = (Eager if options.mode == "eager" else Best)(options.items)
for parameter in model.parameters():
    if parameter.dim() == 2:
        nn.init.xavier_uniform_(parameter)
objective = torch.compile(model, dynamic=True) if options.mode == "best" else model
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, **({"fused": True} if options.mode == "best" else {}))
order = np.random.default_rng(0).permutation(len(users))
milliseconds = []
for step in range(options.warm_up + options.steps):
    start = step * options.batch % max(1, len(users) - options.batch + 1)
    chosen = [users[u] for u in order[start:start + options.batch]]
    began = time.perf_counter()
    optimizer.zero_grad()
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=options.precision == "bf16"):
        loss = objective(batch_of(chosen, options.items, options.mode))
    loss.backward()
    optimizer.step()
    value = loss.item()
    if step >= options.warm_up:
        milliseconds.append(1e3 * (time.perf_counter() - began))
print(json.dumps({"torch": torch.__version__, "mode": options.mode, "precision": options.precision, "threads": options.threads,
                  "median_ms": round(statistics.median(milliseconds), 1), "loss": round(value, 3)}))
