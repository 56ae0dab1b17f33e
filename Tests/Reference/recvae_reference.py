"""Writes Tests/FoldinTestSupport/Fixtures/recvae.json: forward, loss, gradients and alternating updates of small RecVAEs.

    python3 Tests/Reference/recvae_reference.py
"""
import json
import pathlib

import torch

from recvae_model import RecVAE

ITEMS, USERS, LATENT, WIDTH, GAMMA, EPOCHS = 11, 6, 3, 7, 0.05, 2


def numbers(tensor):
    return [float(f"{v:.9g}") for v in tensor.detach().double().flatten().tolist()]


def parameters(model, what=lambda p: p):
    return {name: numbers(what(p)) for name, p in model.named_parameters()}


def fresh(depth, weights=None):
    model = RecVAE(ITEMS, WIDTH, depth, LATENT).double()
    if weights is not None:
        model.load_state_dict(weights)
    return model


def trained(model, clicks, noise, decay):
    """Epochs of three encoder updates, a copy of the encoder for the prior, and one decoder update, all on one batch."""
    halves = [torch.optim.AdamW(half.parameters(), lr=0.05, weight_decay=decay) for half in (model.encode, model.decode)]
    previous = model.frozen_encoder()
    for _ in range(EPOCHS):
        for update in range(4):
            if update == 3:
                previous = model.frozen_encoder()
            model.zero_grad()
            likelihood, divergence = model.loss(clicks, noise, previous, GAMMA)
            (likelihood + GAMMA * divergence).backward()
            halves[update == 3].step()
    return parameters(model)


def case(depth):
    torch.manual_seed(depth)
    model = fresh(depth)
    for p in model.parameters():
        torch.nn.init.normal_(p, std=0.4)
    clicks = (torch.rand(USERS, ITEMS) < 0.4).double()
    clicks[0, 3] = 1
    clicks[USERS - 1] = 0  # a user without clicks must not change the results
    noise, previous = torch.randn(USERS, LATENT).double(), torch.randn(2, USERS, LATENT).double()
    out = {
        "items": ITEMS, "latent": LATENT, "width": WIDTH, "depth": depth, "gamma": GAMMA,
        "clicks": [[i for i in range(ITEMS) if row[i]] for row in clicks], "noise": numbers(noise),
        "previous": numbers(torch.cat(list(previous), 1)), "weights": parameters(model), "scores": numbers(model(clicks)),
    }
    likelihood, divergence = model.loss(clicks, noise, previous, GAMMA)
    (likelihood + GAMMA * divergence).backward()
    out["likelihood"], out["divergence"] = likelihood.item(), divergence.item()
    out["gradients"] = parameters(model, lambda p: p.grad)
    for name, decay in (("afterAdam", 0.0), ("afterAdamW", 0.1)):
        out[name] = trained(fresh(depth, model.state_dict()), clicks, noise, decay)
    return out


path = pathlib.Path(__file__).parent.parent / "FoldinTestSupport/Fixtures/recvae.json"
path.write_text(json.dumps({"torch": torch.__version__.split("+")[0], "epochs": EPOCHS,
                            "cases": [case(depth) for depth in (1, 2, 5)]}) + "\n")
