#!/usr/bin/env python3
"""The data preparation of Liang et al. (2018) in plain NumPy, as a reference for the files of foldin.

    prepare_reference.py RATINGS.csv OUT [options]              held-out users
    prepare_reference.py TRAIN.csv OUT --test TEST.csv [...]    data with a given split

Reads `user,item,rating` with a header line (the rating may be missing). It shares no code with foldin.
"""

import argparse
import csv
import os
import re

import numpy as np


def read(path, threshold):
    """Rows (user, item) with a rating strictly above the threshold, repeats dropped, and all user ids of the file."""
    rows, seen, everyone = [], set(), set()
    with open(path, encoding="utf-8", newline="") as file:
        lines = csv.reader(file)
        next(lines)
        for line in lines:
            if not line:
                continue
            user, item = line[0], line[1]
            everyone.add(user)
            if threshold is not None and not float(line[2]) > threshold:
                continue
            if (user, item) in seen:
                continue
            seen.add((user, item))
            rows.append((user, item))
    return rows, everyone


def ranked(users, everyone):
    """Numbers numerically, if every user of the file is one; otherwise byte order."""
    if all(re.fullmatch("0|[1-9][0-9]*", user) for user in everyone):
        return sorted(users, key=int)
    return sorted(users, key=lambda user: user.encode("utf-8"))


def frequencies(values):
    counts = {}
    for value in values:
        counts[value] = counts.get(value, 0) + 1
    return counts


def choose(groups, fraction, seed):
    """Splits each user's items into fold-in and held-out items; users are in ascending order of the raw id."""
    np.random.seed(seed)
    shown, found = [], []
    for user, items in groups:
        held = np.zeros(len(items), dtype=bool)
        if len(items) >= 5:
            held[np.random.choice(len(items), size=int(fraction * len(items)), replace=False)] = True
        for item, is_held in zip(items, held):
            (found if is_held else shown).append((user, item))
    return shown, found


def grouped(rows, order):
    groups = {}
    for user, item in rows:
        groups.setdefault(user, []).append(item)
    return [(user, groups[user]) for user in order if user in groups]


def write(out, parts, users, items):
    os.makedirs(out, exist_ok=True)
    user_index = {user: index for index, user in enumerate(users)}
    item_index = {item: index for index, item in enumerate(items)}
    for name, rows in parts.items():
        with open(os.path.join(out, name + ".csv"), "w", encoding="utf-8", newline="") as file:
            file.write("user,item\n")
            for user, item in rows:
                file.write(f"{user_index[user]},{item_index[item]}\n")
    for name, ids in (("unique_uid", users), ("unique_sid", items)):
        with open(os.path.join(out, name + ".txt"), "w", encoding="utf-8", newline="") as file:
            file.writelines(raw + "\n" for raw in ids)


def strong_generalization(options):
    rows, everyone = read(options.ratings, options.rating_above)
    if options.min_item > 0:
        counts = frequencies(item for _, item in rows)
        rows = [row for row in rows if counts[row[1]] >= options.min_item]
    if options.min_user > 0:
        counts = frequencies(user for user, _ in rows)
        rows = [row for row in rows if counts[row[0]] >= options.min_user]

    order = ranked({user for user, _ in rows}, everyone)
    np.random.seed(options.seed)
    users = [order[place] for place in np.random.permutation(len(order))]
    share = options.held_out_users
    held = int(len(users) * float(share)) if "." in share else int(share)
    train_users = set(users[: len(users) - 2 * held])
    validation_users = set(users[len(users) - 2 * held : len(users) - held])
    test_users = set(users[len(users) - held :])

    train = [row for row in rows if row[0] in train_users]
    items = list(dict.fromkeys(item for _, item in train))
    known = set(items)
    parts = {"train": train}
    for name, group in (("validation", validation_users), ("test", test_users)):
        of_group = [row for row in rows if row[0] in group and row[1] in known]
        parts[name + "_tr"], parts[name + "_te"] = choose(grouped(of_group, order), options.held_out_items, options.seed)
    write(options.out, parts, users, items)


def given(options):
    train, everyone = read(options.ratings, options.rating_above)
    test, others = read(options.test, options.rating_above)
    order = ranked({user for user, _ in train + test}, everyone | others)
    items = list(dict.fromkeys(item for _, item in train + test))

    def flat(rows):
        return [(user, item) for user, of_user in grouped(rows, order) for item in of_user]

    parts = {"train": train, "validation_tr": [], "validation_te": [], "test_tr": flat(train), "test_te": flat(test)}
    if options.validation_items > 0:
        shown, found = choose(grouped(train, order), options.validation_items, options.seed)
        removed = set(found)
        parts.update(train=[row for row in train if row not in removed], validation_tr=shown, validation_te=found)
    write(options.out, parts, order, items)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("ratings")
    parser.add_argument("out")
    parser.add_argument("--rating-above", type=float)
    parser.add_argument("--min-user", type=int, default=5)
    parser.add_argument("--min-item", type=int, default=0)
    parser.add_argument("--held-out-users", default="0.1")
    parser.add_argument("--held-out-items", type=float, default=0.2)
    parser.add_argument("--seed", type=int, default=98765)
    parser.add_argument("--test")
    parser.add_argument("--validation-items", type=float, default=0.1)
    options = parser.parse_args()
    (given if options.test else strong_generalization)(options)


if __name__ == "__main__":
    main()
