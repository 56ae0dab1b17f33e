#!/usr/bin/env python3
"""Trains Mult-VAE or Mult-DAE in PyTorch on a directory that `foldin prepare` wrote: the peer of `foldin train`.

    pytorch_train.py DIR [--model mult-vae|mult-dae] [--seed 1] [--epochs 200] [--patience 20] [--threads 2]
        [--batch-size 500] [--learning-rate 0.001] [--cosine] [--target 0.395]

Hidden 600, latent 200, input dropout 0.5, Adam, beta up to 0.2 by 85% of the epochs; keeps the epoch with the best validation
NDCG@100. With `--cosine` the learning rate falls to 0 over the epochs along half a cosine. Prints one JSON line: seconds, epochs, test
metrics, the validation metric and the seconds since the start at each epoch's end, and the first such time at which the metric was at
least the target. Needs numpy and torch.
"""
import argparse
import json
import pathlib
import sys
import time

import torch
from prepared import Prepared

sys.path.append(str(pathlib.Path(__file__).resolve().parent.parent / "Tests/Reference"))
from torch_model import Autoencoder  # noqa: E402

parser = argparse.ArgumentParser()
parser.add_argument("directory", type=pathlib.Path)
parser.add_argument("--model", choices=["mult-vae", "mult-dae"], default="mult-vae")
parser.add_argument("--seed", type=int, default=1)
parser.add_argument("--epochs", type=int, default=200)
parser.add_argument("--patience", type=int, default=20)
parser.add_argument("--threads", type=int, default=2)
parser.add_argument("--batch-size", type=int, default=500)
parser.add_argument("--learning-rate", type=float, default=1e-3)
parser.add_argument("--cosine", action="store_true")
parser.add_argument("--target", type=float, default=0.395)
options = parser.parse_args()
torch.manual_seed(options.seed)
torch.set_num_threads(options.threads)
data = Prepared(options.directory)
train = data.train


def evaluate(part):
    model.eval()
    metrics = data.evaluate(part, lambda known: model(known)[0])
    model.train()
    return metrics


model = Autoencoder(options.model, data.items, [600], 200, [600], encoder_dropout=[0.5, 0.0])
for parameter in model.parameters():
    torch.nn.init.xavier_uniform_(parameter) if parameter.dim() == 2 else torch.nn.init.normal_(parameter, std=0.001)
optimizer = torch.optim.Adam(model.parameters(), lr=options.learning_rate)
updates, best, kept, stale, began = 0, -1.0, None, 0, time.perf_counter()
curve = []
batches = -(-len(train) // options.batch_size)
if options.cosine:
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, batches * options.epochs)
total = batches * (options.epochs - int(0.15 * options.epochs)) / 0.2
for epoch in range(1, options.epochs + 1):
    for users in torch.randperm(len(train)).split(options.batch_size):
        batch = train[users]
        noise = torch.randn(len(users), 200) if options.model == "mult-vae" else None
        scores, divergence = model(batch, noise)
        loss = model.likelihood(batch, scores) + min(0.2, updates / total) * divergence
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        updates += 1
        if options.cosine:
            schedule.step()
    metric = evaluate("validation")["ndcg@100"]
    curve.append({"epoch": epoch, "seconds": round(time.perf_counter() - began, 2), "validation": metric})
    stale += 1
    if metric > best:
        best, stale = metric, 0
        kept = {name: value.clone() for name, value in model.state_dict().items()}
    if stale >= options.patience:
        break
seconds = time.perf_counter() - began
model.load_state_dict(kept)
print(json.dumps({"torch": torch.__version__, "model": options.model, "seed": options.seed, "epochs": epoch,
                  "seconds": round(seconds, 1), "validation": best, "test": evaluate("test"), "curve": curve,
                  "seconds_to_target": next((at["seconds"] for at in curve if at["validation"] >= options.target), None)}))
