"""Writes Tests/FoldinTrainingTests/Fixtures/elsa.json: scores, losses, gradients and updates of a small ELSA.

    python3 Tests/Reference/elsa_reference.py

x is a user's clicks divided by their length, A the rows of W divided by theirs, s = x A A^T - x. The losses are means over the users: of the
squared distance of x / |x| and s / |s|, and of - sum over the clicks of log softmax(s / temperature).
"""
import json
import pathlib

import torch
from torch.nn.functional import log_softmax, normalize

ITEMS, USERS, LATENT, TEMPERATURE, UPDATES = 13, 7, 4, 0.2, 3


def numbers(tensor):
    return [float(f"{v:.9g}") for v in tensor.detach().double().flatten().tolist()]


def scores(weight, x):
    a = normalize(weight, dim=-1)
    return x @ a @ a.T - x


def loss(kind, weight, clicks):
    x = normalize(clicks, dim=-1)
    s = scores(weight, x)
    if kind == "squared":
        return ((x - normalize(s, dim=-1)) ** 2).sum(-1).mean()
    return -(clicks * log_softmax(s / TEMPERATURE, dim=-1)).sum(-1).mean()


def trained(kind, start, clicks, decay):
    weight = start.clone().requires_grad_()
    optimizer = torch.optim.AdamW([weight], lr=0.05, weight_decay=decay)
    for _ in range(UPDATES):
        optimizer.zero_grad()
        loss(kind, weight, clicks).backward()
        optimizer.step()
    return numbers(weight)


torch.manual_seed(1)
start = torch.randn(ITEMS, LATENT).double()
clicks = (torch.rand(USERS, ITEMS) < 0.35).double()
clicks[0, 3] = 1
clicks[1] = 0
clicks[1, 5] = 1
clicks[USERS - 1] = 0  # a user without clicks must do no harm
case = {
    "torch": torch.__version__.split("+")[0], "items": ITEMS, "latent": LATENT, "temperature": TEMPERATURE, "updates": UPDATES,
    "clicks": [[i for i in range(ITEMS) if row[i]] for row in clicks], "weight": numbers(start),
    "scores": numbers(scores(start, normalize(clicks, dim=-1))), "cases": [],
}
for kind in ("squared", "softmax"):
    weight = start.clone().requires_grad_()
    value = loss(kind, weight, clicks)
    value.backward()
    case["cases"].append({
        "loss": kind, "value": value.item(), "gradient": numbers(weight.grad),
        "afterAdam": trained(kind, start, clicks, 0.0), "afterAdamW": trained(kind, start, clicks, 0.1),
    })
path = pathlib.Path(__file__).parent.parent / "FoldinTrainingTests/Fixtures/elsa.json"
path.write_text(json.dumps(case) + "\n")
