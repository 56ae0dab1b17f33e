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

import torch
from elsa import ELSA
from prepared import Prepared

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
data = Prepared(options.directory)
model = ELSA(data.items, options.latent, device=torch.device("cpu"), lr=options.learning_rate)
best, began = None, time.perf_counter()
for epoch in range(1, options.epochs + 1):
    model.fit(data.train[torch.randperm(len(data.train))], epochs=1, batch_size=options.batch_size, shuffle=False, verbose=False)
    validation = data.evaluate("validation", model)["ndcg@100"]
    if best is None or validation > best["validation"]:
        best = {"epoch": epoch, "validation": validation, "test": data.evaluate("test", model)}
print(json.dumps({"seconds": time.perf_counter() - began, **best}))
