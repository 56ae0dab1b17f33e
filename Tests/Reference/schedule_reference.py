#!/usr/bin/env python3
"""Learning rates and the end of training by PyTorch's schedulers, for given sequences of scores.

    python Tests/Reference/schedule_reference.py > Tests/FoldinTrainingTests/Fixtures/schedule.json      (needs torch)

Each plateau case is a sequence of scores; `rates` are the learning rates after each, by ReduceLROnPlateau with the article's
factor and thresholds. Early stopping with patience p is ReduceLROnPlateau without a threshold: it reduces the rate for the first time
after p consecutive scores without improvement, and `stops` is the number of that score, from 1 (null: never).
"""
import json
import math
import random

import torch
from torch.optim.lr_scheduler import CosineAnnealingLR, LinearLR, ReduceLROnPlateau


def optimizer(rate=0.001):
    return torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=rate)


def plateau(scores, mode, patience, threshold, threshold_mode, factor=0.4):
    adam = optimizer()
    scheduler = ReduceLROnPlateau(
        adam, mode=mode, factor=factor, patience=patience, threshold=threshold, threshold_mode=threshold_mode)
    rates = []
    for score in scores:
        scheduler.step(score)
        rates.append(adam.param_groups[0]["lr"])
    return rates


def stop(scores, mode, patience):
    rates = plateau(scores, mode, patience - 1, 0.0, "abs")
    return next((number for number, rate in enumerate(rates, 1) if rate < 0.001), None)


def sequences(kind):
    draw = random.Random(kind)
    scale, shift = (0.4, 0.0) if kind == "metric" else (-60.0, 400.0)
    sign = 1 if kind == "metric" else -1
    tiny = 0.0003 if kind == "metric" else 1.5
    yield [shift + scale * (1 - math.exp(-i / 8)) + draw.gauss(0, abs(scale) / 50) for i in range(60)]  # noisy learning
    yield [shift + scale * 0.5] * 30  # constant
    yield [shift + scale * 0.5 + sign * tiny * i for i in range(40)]  # better, but by less than the threshold each time
    yield [shift + scale * (0.3 + 0.02 * (i % 7)) for i in range(40)]  # periodic
    yield [shift + scale * (0.9 - 0.01 * i) for i in range(40)]  # always worse
    yield [shift + scale * draw.random() for _ in range(80)]  # random


cases = []
for kind in ("metric", "loss"):
    mode = "max" if kind == "metric" else "min"
    threshold, threshold_mode = (0.001, "rel") if kind == "metric" else (2, "abs")
    for scores in sequences(kind):
        for patience in (0, 2, 5):
            cases.append({
                "kind": kind, "patience": patience, "scores": scores,
                "rates": plateau(scores, mode, patience, threshold, threshold_mode),
                "stops": stop(scores, mode, patience + 1),
            })

steps = 40
adam = optimizer()
scheduler = CosineAnnealingLR(adam, T_max=steps, eta_min=0.0001)
cosine = []
for _ in range(steps):
    cosine.append(adam.param_groups[0]["lr"])
    adam.step()
    scheduler.step()
adam = optimizer()
scheduler = LinearLR(adam, start_factor=1.0, end_factor=0.1, total_iters=steps)
linear = []
for _ in range(steps):
    linear.append(adam.param_groups[0]["lr"])
    adam.step()
    scheduler.step()

print(json.dumps({"torch": torch.__version__, "plateau": cases, "cosine": cosine, "linear": linear}, indent=1))
