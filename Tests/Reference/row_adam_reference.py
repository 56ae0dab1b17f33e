"""Writes the results of Adam on rows that few updates change, for FoldinTrainingTests/Fixtures/row-adam.json.

Rows of one weight: torch.optim.Adam and AdamW on the whole sequence, with a gradient of zero in updates that do not touch the row.
Rows of several weights, which share one second moment: the same formulas in NumPy, in double precision.

    python Tests/Reference/row_adam_reference.py > Tests/FoldinTrainingTests/Fixtures/row-adam.json

Needs numpy and torch.
"""

import json

import numpy as np
import torch

RATE = 0.01


def by_torch(start, gradients, last, decay):
    weight = torch.tensor(start, dtype=torch.float64, requires_grad=True)
    if decay:
        optimizer = torch.optim.AdamW([weight], lr=RATE, weight_decay=decay)
    else:
        optimizer = torch.optim.Adam([weight], lr=RATE)
    for number in range(1, last + 1):
        weight.grad = torch.tensor(gradients.get(number, [0.0] * len(start)), dtype=torch.float64)
        optimizer.step()
    state = optimizer.state[weight]
    return weight.detach().numpy(), state["exp_avg"].numpy(), state["exp_avg_sq"].numpy()[0]


def by_numpy(start, gradients, last, decay):
    w, m, v = np.array(start), np.zeros(len(start)), 0.0
    for t in range(1, last + 1):
        g = np.array(gradients.get(t, [0.0] * len(start)))
        m = 0.9 * m + 0.1 * g
        v = 0.999 * v + 0.001 * np.mean(g * g)
        w = w * (1 - RATE * decay)
        if v > 0:
            w = w - RATE * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)
    return w, m, v


def main():
    random = np.random.default_rng(1)
    cases = []
    for width, make in ((1, by_torch), (37, by_numpy)):
        for decay in (0.0, 0.1):
            for updates, last in (([1, 2, 3, 9, 40, 41, 700], 730), ([5, 3000], 9000)):
                start = random.normal(size=width).astype(np.float32).tolist()
                gradients = {t: random.normal(size=width).astype(np.float32).tolist() for t in updates}
                w, m, v = make(start, gradients, last, decay)
                cases.append(
                    {
                        "name": f"{width} wide, decay {decay}, {len(updates)} of {last} updates",
                        "learning_rate": RATE,
                        "decay": decay,
                        "start": start,
                        "updates": updates,
                        "gradients": [gradients[t] for t in updates],
                        "last": last,
                        "weights": w.tolist(),
                        "first": [x if abs(x) > 1e-30 else 0.0 for x in m.tolist()],  # the precision of 32 bits
                        "second": float(v),
                    }
                )
    print(json.dumps(cases))


main()
