"""Writes Tests/FoldinTestSupport/Fixtures/torch.json: forward, loss, gradients and updates of small networks.

    python3 Tests/Reference/torch_reference.py
"""
import json
import pathlib

import torch

from torch_model import Autoencoder

ITEMS, USERS, LATENT, BETA, STEPS = 11, 6, 3, 0.3, 3
DEPTHS = {1: ([], []), 2: ([5], [4]), 3: ([6, 5], [4, 7])}


def numbers(tensor):
    return [float(f"{v:.9g}") for v in tensor.detach().double().flatten().tolist()]


def parameters(model, what=lambda p: p):
    return {name: numbers(what(p)) for name, p in model.named_parameters()}


def case(family, depth, placement):
    torch.manual_seed(1000 * depth + len(family + placement))
    encoder, decoder = DEPTHS[depth]
    model = Autoencoder(family, ITEMS, encoder, LATENT, decoder, placement).double()
    for p in model.parameters():
        torch.nn.init.normal_(p, std=0.4)
    clicks = (torch.rand(USERS, ITEMS) < 0.4).double()
    clicks[0, 3] = 1
    clicks[USERS - 1] = 0  # a user without clicks must not change the results
    noise = torch.randn(USERS, LATENT).double()
    out = {
        "family": family, "placement": placement, "items": ITEMS, "latent": LATENT, "encoder": encoder, "decoder": decoder,
        "beta": BETA, "clicks": [[i for i in range(ITEMS) if row[i]] for row in clicks], "noise": numbers(noise),
        "weights": parameters(model),
    }
    model.eval()
    out["scores"] = numbers(model(clicks)[0])
    model.train()
    for kind in ("adam", "adamw"):
        copy = Autoencoder(family, ITEMS, encoder, LATENT, decoder, placement).double()
        copy.load_state_dict(model.state_dict())
        optimizer = (torch.optim.Adam(copy.parameters(), lr=0.05, weight_decay=0.1) if kind == "adam"
                     else torch.optim.AdamW(copy.parameters(), lr=0.05, weight_decay=0.1))
        for step in range(STEPS):
            optimizer.zero_grad()
            scores, divergence = copy(clicks, noise)
            likelihood = copy.likelihood(clicks, scores)
            (likelihood + BETA * divergence).backward()
            if step == 0:
                out["likelihood"], out["divergence"] = likelihood.item(), divergence.item()
                out["gradients"] = parameters(copy, lambda p: p.grad)
            optimizer.step()
        out["afterAdamW" if kind == "adamw" else "afterAdam"] = parameters(copy)
    return out


if __name__ == "__main__":
    cases = [case(f, d, p) for f in ("mult-vae", "mult-dae") for d in DEPTHS for p in ("paper", "article")]
    path = pathlib.Path(__file__).parent.parent / "FoldinTestSupport/Fixtures/torch.json"
    path.write_text(json.dumps({"torch": torch.__version__.split("+")[0], "steps": STEPS, "cases": cases}) + "\n")
