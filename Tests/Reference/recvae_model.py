"""RecVAE in PyTorch, written from the paper's equations (Shenbin et al., WSDM 2020) with Foldin's parameter names.

The independent side of Foldin's parity tests; needs torch. Here the prior's encoder is a frozen copy that is run on the same
clicks; Foldin stores the moments of the earlier encoder instead.
"""
import copy
import math

import torch
import torch.nn as nn
import torch.nn.functional as F

WEIGHTS = (3 / 20, 3 / 4, 1 / 10)
WIDE = 10.0


def log_normal(z, mu, logvar):
    return -0.5 * (logvar + math.log(2 * math.pi) + (z - mu) ** 2 / logvar.exp())


class Encoder(nn.Module):
    def __init__(self, items, width, depth, latent):
        super().__init__()
        widths = [items] + [width] * depth + [2 * latent]
        self.q_layers = nn.ModuleDict({f"linear_{i}": nn.Linear(a, b) for i, (a, b) in enumerate(zip(widths, widths[1:]))})
        self.q_layers.update({f"norm_{i}": nn.LayerNorm(width, eps=0.1) for i in range(depth)})
        self.depth, self.latent = depth, latent

    def forward(self, clicks, dropout=0.0):
        x = F.dropout(F.normalize(clicks), dropout, self.training)
        outputs = []
        for i in range(self.depth):
            x = self.q_layers[f"linear_{i}"](x) + sum(outputs)
            x = self.q_layers[f"norm_{i}"](x * torch.sigmoid(x))
            outputs.append(x)
        return self.q_layers[f"linear_{self.depth}"](x).split(self.latent, 1)


class RecVAE(nn.Module):
    def __init__(self, items, width, depth, latent):
        super().__init__()
        self.encode = Encoder(items, width, depth, latent)
        self.decode = nn.Module()
        self.decode.p_layers = nn.ModuleDict({"linear_0": nn.Linear(latent, items)})

    def decoded(self, z):
        return self.decode.p_layers["linear_0"](z)

    def forward(self, clicks):
        return self.decoded(self.encode(clicks)[0])

    def loss(self, clicks, noise, previous, gamma, dropout=0.0):
        """The likelihood and, without gamma, the divergence; means over the users. `previous` is an encoder or its moments."""
        mu, logvar = self.encode(clicks, dropout)
        z = mu + noise * torch.exp(0.5 * logvar)
        with torch.no_grad():
            old = previous(clicks) if isinstance(previous, nn.Module) else previous
        parts = [(torch.zeros(()), torch.zeros(())), old, (torch.zeros(()), torch.tensor(WIDE))]
        prior = torch.logsumexp(
            torch.stack([math.log(w) + log_normal(z, m.to(z), v.to(z)) for w, (m, v) in zip(WEIGHTS, parts)]), 0)
        divergence = ((log_normal(z, mu, logvar) - prior).sum(1) * clicks.sum(1)).mean()
        likelihood = -(F.log_softmax(self.decoded(z), 1) * clicks).sum(1).mean()
        return likelihood, divergence

    def frozen_encoder(self):
        return copy.deepcopy(self.encode).eval().requires_grad_(False)
