#!/usr/bin/env python3
"""Prepares a ratings file with pandas: the peer of `foldin prepare`, with the same output files.

    pandas_prepare.py RATINGS.csv OUT [--rating-above 3.5] [--min-user 5] [--held-out-users 10000] [--seed 98765]

The steps are those of the notebook of Liang et al. (2018): read, filter ratings, remove repeats, filter users, hold out users and a fifth of
their items, write index files and CSVs. They use pandas in the usual way, on whole columns except for the loop
that draws each held-out user's items. The user ids must be integers. Prints the seconds of each part as one JSON line.
"""
import argparse
import json
import os
import time

import numpy as np
import pandas as pd

parser = argparse.ArgumentParser()
parser.add_argument("ratings")
parser.add_argument("out")
parser.add_argument("--rating-above", type=float, default=3.5)
parser.add_argument("--min-user", type=int, default=5)
parser.add_argument("--held-out-users", type=int, default=10_000)
parser.add_argument("--held-out-items", type=float, default=0.2)
parser.add_argument("--seed", type=int, default=98_765)
options = parser.parse_args()

seconds, began = {}, time.perf_counter()


def done(part):
    global began
    seconds[part] = round(time.perf_counter() - began, 2)
    began = time.perf_counter()


clicks = pd.read_csv(options.ratings, header=0, names=["user", "item", "rating"], usecols=[0, 1, 2])
done("read")

clicks = clicks.loc[clicks["rating"] > options.rating_above, ["user", "item"]].drop_duplicates()
clicks = clicks[clicks.groupby("user")["item"].transform("size") >= options.min_user]
done("filter")

users = np.sort(clicks["user"].unique())
np.random.seed(options.seed)
users = users[np.random.permutation(len(users))]
held = options.held_out_users
parts = {
    "train": users[: len(users) - 2 * held],
    "validation": users[len(users) - 2 * held : len(users) - held],
    "test": users[len(users) - held :],
}
train = clicks[clicks["user"].isin(parts["train"])]
items = train["item"].unique()
user_index, item_index = pd.Index(users), pd.Index(items)
done("split users")


def divide(rows):
    """Fold-in rows and held-out rows, user by user."""
    np.random.seed(options.seed)
    shown, found = [], []
    for _, group in rows.groupby("user", sort=True):
        chosen = np.zeros(len(group), dtype=bool)
        if len(group) >= 5:
            chosen[np.random.choice(len(group), size=int(options.held_out_items * len(group)), replace=False)] = True
        shown.append(group[~chosen])
        found.append(group[chosen])
    return pd.concat(shown), pd.concat(found)


tables = {"train": train}
for name in ("validation", "test"):
    rows = clicks[clicks["user"].isin(parts[name]) & clicks["item"].isin(items)]
    tables[f"{name}_tr"], tables[f"{name}_te"] = divide(rows)
done("split items")

os.makedirs(options.out, exist_ok=True)
for name, rows in tables.items():
    pd.DataFrame({"user": user_index.get_indexer(rows["user"]), "item": item_index.get_indexer(rows["item"])}).to_csv(
        os.path.join(options.out, f"{name}.csv"), index=False)
pd.Series(users).to_csv(os.path.join(options.out, "unique_uid.txt"), index=False, header=False)
pd.Series(items).to_csv(os.path.join(options.out, "unique_sid.txt"), index=False, header=False)
done("write")
print(json.dumps({"pandas": pd.__version__, "numpy": np.__version__, "seconds": round(sum(seconds.values()), 2), "parts": seconds}))
