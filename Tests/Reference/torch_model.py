"""Mult-VAE and Mult-DAE in PyTorch, written from the papers' equations with the RecoTour article's parameter names.

The independent side of Foldin's parity tests; needs torch.
"""
import torch
import torch.nn as nn
import torch.nn.functional as F


class Stack(nn.Module):
    """Alternating dropout and linear layers; `last` says whether an activation follows the last linear layer."""

    def __init__(self, prefix, widths, dropout, placement, last):
        super().__init__()
        self.layers = nn.ModuleDict({f"linear_{i}": nn.Linear(a, b) for i, (a, b) in enumerate(zip(widths, widths[1:]))})
        setattr(self, prefix, self.layers)
        del self.layers
        self.prefix, self.dropout, self.placement, self.last = prefix, dropout, placement, last

    def forward(self, x):
        layers = getattr(self, self.prefix)
        for i, rate in enumerate(self.dropout):
            x = F.dropout(x, rate, self.training)
            if self.placement == "article":
                x = torch.tanh(x)
            x = layers[f"linear_{i}"](x)
            if self.last or i < len(self.dropout) - 1:
                x = torch.tanh(x)
        return x


class Autoencoder(nn.Module):
    def __init__(self, family, items, encoder, latent, decoder, placement="paper", encoder_dropout=None, decoder_dropout=None):
        super().__init__()
        self.family, self.latent = family, latent
        vae = family == "mult-vae"
        self.encode = Stack("q_layers", [items, *encoder, 2 * latent if vae else latent],
                            encoder_dropout or [0.0] * (len(encoder) + 1), placement, last=not vae)
        self.decode = Stack("p_layers", [latent, *decoder, items],
                            decoder_dropout or [0.0] * (len(decoder) + 1), placement, last=False)

    def forward(self, clicks, noise=None):
        hidden = self.encode(F.normalize(clicks))
        if self.family != "mult-vae":
            return self.decode(hidden), torch.zeros(())
        mu, logvar = hidden[:, : self.latent], hidden[:, self.latent:]
        z = mu if noise is None else mu + noise * torch.exp(0.5 * logvar)
        divergence = -0.5 * (1 + logvar - mu**2 - logvar.exp()).sum(1).mean()
        return self.decode(z), divergence

    def likelihood(self, clicks, scores):
        return -(F.log_softmax(scores, 1) * clicks).sum(1).mean()
