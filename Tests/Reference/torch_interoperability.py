#!/usr/bin/env python3
"""Checks that Foldin and PyTorch read each other's models and that the metrics agree to 1e-4.

    torch_interoperability.py FOLDIN_BINARY PREPARED_DIR

For Mult-VAE and Mult-DAE, depths 1 to 3 and both placements of tanh, and for RecVAE: a random torch model is saved as a bare state_dict and evaluated by both
sides; then `foldin train` trains a model for two epochs, which is loaded into torch with strict=True and evaluated by both sides.
The metrics here follow the paper's definitions, one user at a time. Needs torch, safetensors and numpy; not part of
CI. Exits with 1 if any figure disagrees.
"""
import json
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
import torch
from safetensors.torch import load_file, save_file

from recvae_model import RecVAE
from torch_model import Autoencoder

METRICS = ["ndcg@100", "recall@20", "recall@50"]
DEPTHS = {1: [], 2: [60], 3: [70, 50]}
LATENT, TOLERANCE = 20, 1e-4


def rows(path, index, items):
    """Users by items, of the users in `index`, from a file of index pairs."""
    matrix = np.zeros((len(index), items), np.float32)
    for user, item in np.loadtxt(path, delimiter=",", skiprows=1, dtype=np.int64, ndmin=2):
        matrix[index[user], item] = 1
    return matrix


def held_out(directory, items):
    """The fold-in items and the held-out items of the test users."""
    parts = [directory / "test_tr.csv", directory / "test_te.csv"]
    users = sorted({int(line.split(",")[0]) for part in parts for line in part.read_text().split()[1:]})
    index = {user: row for row, user in enumerate(users)}
    return rows(parts[0], index, items), rows(parts[1], index, items)


def evaluate(model, shown, hidden):
    """NDCG@100, Recall@20 and Recall@50 (Liang et al. 2018, section 4.2), with fold-in items masked."""
    model.eval()
    with torch.no_grad():
        scores = model(torch.from_numpy(shown))
        scores = (scores[0] if isinstance(scores, tuple) else scores).numpy()
    scores[shown > 0] = -np.inf
    sums, users = dict.fromkeys(METRICS, 0.0), 0
    for row, targets in zip(scores, hidden):
        target_count = int(targets.sum())
        if not target_count:
            continue
        users += 1
        hits = targets[np.argsort(-row, kind="stable")[:100]]
        discounts = 1 / np.log2(np.arange(2, 102))
        sums["ndcg@100"] += (hits * discounts[: len(hits)]).sum() / discounts[: min(target_count, 100)].sum()
        for k in (20, 50):
            sums[f"recall@{k}"] += hits[:k].sum() / min(k, target_count)
    return {name: total / users for name, total in sums.items()}


def foldin(*arguments):
    result = subprocess.run([str(a) for a in arguments], capture_output=True, text=True)
    if result.returncode:
        sys.exit(f"{' '.join(map(str, arguments))}: exit status {result.returncode}\n{result.stderr}")
    return json.loads(result.stdout)


def evaluated(binary, model, directory, *options):
    report = foldin(binary, "evaluate", model, directory, "--metrics", ",".join(METRICS), "--json", *options)
    return {name: figures["mean"] for name, figures in report["metrics"].items()}


def main(binary, directory):
    items = len((directory / "unique_sid.txt").read_text().splitlines())
    shown, hidden = held_out(directory, items)
    worst = 0.0
    print(f"{'model':<10}{'depth':<6}{'tanh':<9}{'weights':<10}"
          + "".join(f"{name + ' torch':>17}{'foldin':>9}" for name in METRICS) + f"{'difference':>12}")

    def compare(label, torch_side, foldin_side):
        nonlocal worst
        difference = max(abs(torch_side[name] - foldin_side[name]) for name in METRICS)
        worst = max(worst, difference)
        figures = "".join(f"{torch_side[name]:>17.5f}{foldin_side[name]:>9.5f}" for name in METRICS)
        print(f"{label}{figures}{difference:>12.1e}", flush=True)

    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)

        def both_ways(family, depth, placement, network, hidden_widths):
            label = f"{family:<10}{depth:<6}{placement:<9}"
            torch.manual_seed(depth)
            model = network()
            for p in model.parameters():
                torch.nn.init.normal_(p, std=0.3)
            save_file({k: v.contiguous() for k, v in model.state_dict().items()}, folder / "torch.safetensors")
            compare(label + f"{'torch':<10}", evaluate(model, shown, hidden),
                    evaluated(binary, folder / "torch.safetensors", directory, "--activations", placement))

            run = folder / f"{family}-{depth}-{placement}"
            foldin(binary, "train", directory, "--model", family, "--latent", LATENT, "--hidden",
                   ",".join(map(str, hidden_widths)) or "none", "--activations", placement, "--epochs", 2,
                   "--out", run, "--json")
            model = network()
            model.load_state_dict(load_file(run / "model.safetensors"), strict=True)
            compare(label + f"{'foldin':<10}", evaluate(model, shown, hidden),
                    evaluated(binary, run / "model.safetensors", directory))

        for family in ("mult-vae", "mult-dae"):
            for depth, widths in DEPTHS.items():
                for placement in ("paper", "article"):
                    both_ways(family, depth, placement,
                              lambda: Autoencoder(family, items, widths, LATENT, widths[::-1], placement), widths)
        both_ways("rec-vae", 5, "paper", lambda: RecVAE(items, 60, 5, LATENT), [60])
    verdict = "agree" if worst < TOLERANCE else "DISAGREE"
    print(f"{verdict}: the largest difference is {worst:.1e}, {TOLERANCE:.0e} is allowed")
    return int(worst >= TOLERANCE)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    sys.exit(main(pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2])))
