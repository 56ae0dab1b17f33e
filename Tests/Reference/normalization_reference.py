"""Writes Tests/FoldinTrainingTests/Fixtures/normalization.json: small Mult-VAEs with cosine logits and weighted users.

    python3 Tests/Reference/normalization_reference.py

d_u are the clicks of a user, at least 1 in a power. A logit is cos(h, w_i) / temperature without a bias, and a user's log-likelihood counts
(d_u / mean d)^-b times.
"""
import json
import pathlib

import torch
import torch.nn.functional as F

from torch_model import Autoencoder
from torch_reference import BETA, ITEMS, LATENT, STEPS, USERS, numbers, parameters

CASES = [([], [], 0.2, 0.0), ([], [], None, 0.5), ([], [], 0.1, 0.8), ([5], [4], 0.3, 0.5)]


class Normalized(Autoencoder):
    def __init__(self, encoder, decoder, temperature, user_power):
        super().__init__("mult-vae", ITEMS, encoder, LATENT, decoder)
        self.temperature, self.user_power = temperature, user_power

    def last_input(self, clicks, noise):
        hidden = self.encode(F.normalize(clicks))
        mu, logvar = hidden[:, : self.latent], hidden[:, self.latent:]
        z = mu if noise is None else mu + noise * torch.exp(0.5 * logvar)
        layers = list(self.decode.p_layers.values())
        for layer in layers[:-1]:
            z = torch.tanh(layer(z))
        divergences = -0.5 * (1 + logvar - mu**2 - logvar.exp()).sum(1)
        return z, layers[-1], divergences

    def logits(self, clicks, noise=None):
        h, last, divergences = self.last_input(clicks, noise)
        if self.temperature is None:
            return last(h), divergences
        return F.normalize(h) @ F.normalize(last.weight).T / self.temperature, divergences

    def losses(self, clicks, mean, noise=None):
        logits, divergences = self.logits(clicks, noise)
        count = clicks.sum(1)
        weight = (count.clamp(min=1) / mean) ** -self.user_power
        return -weight * (F.log_softmax(logits, 1) * clicks).sum(1), divergences

    def plain_scores(self, clicks):
        h, last, _ = self.last_input(clicks, None)
        return last(h) if self.temperature is None else h @ F.normalize(last.weight).T


def case(index, encoder, decoder, temperature, user_power):
    torch.manual_seed(7 + index)
    clicks = (torch.rand(USERS, ITEMS) < 0.4).double()
    clicks[0, 3] = 1
    clicks[USERS - 1] = 0  # a user without clicks
    mean = clicks.sum() / USERS
    noise = torch.randn(USERS, LATENT).double()

    def model():
        return Normalized(encoder, decoder, temperature, user_power).double()

    first = model()
    for p in first.parameters():
        torch.nn.init.normal_(p, std=0.4)
    if temperature is not None:
        torch.nn.init.zeros_(list(first.decode.p_layers.values())[-1].bias)
    out = {
        "family": "mult-vae", "placement": "paper", "items": ITEMS, "latent": LATENT, "encoder": encoder, "decoder": decoder,
        "beta": BETA, "clicks": [[i for i in range(ITEMS) if row[i]] for row in clicks], "noise": numbers(noise),
        "weights": parameters(first), "scores": numbers(first.plain_scores(clicks)),
    }
    evaluated = numbers(first.losses(clicks, mean)[0])
    for kind in ("adam", "adamw"):
        copy = model()
        copy.load_state_dict(first.state_dict())
        optimizer = (torch.optim.Adam(copy.parameters(), lr=0.05, weight_decay=0.1) if kind == "adam"
                     else torch.optim.AdamW(copy.parameters(), lr=0.05, weight_decay=0.1))
        for step in range(STEPS):
            optimizer.zero_grad()
            likelihood, divergence = (part.mean() for part in copy.losses(clicks, mean, noise))
            (likelihood + BETA * divergence).backward()
            if step == 0:
                out["likelihood"], out["divergence"] = likelihood.item(), divergence.item()
                out["gradients"] = parameters(copy, lambda p: torch.zeros_like(p) if p.grad is None else p.grad)
            optimizer.step()
        out["afterAdamW" if kind == "adamw" else "afterAdam"] = parameters(copy)
    settings = {"userPower": user_power}
    if temperature is not None:
        settings["temperature"] = temperature
    return settings | {"network": out, "evaluated": evaluated}


if __name__ == "__main__":
    path = pathlib.Path(__file__).parent.parent / "FoldinTrainingTests/Fixtures/normalization.json"
    cases = [case(i, *c) for i, c in enumerate(CASES)]
    path.write_text(json.dumps({"torch": torch.__version__.split("+")[0], "cases": cases}) + "\n")
