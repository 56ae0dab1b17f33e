#!/usr/bin/env python3
"""Fits one model by one Python package on a directory that `foldin prepare` wrote, and evaluates it on the test users.

    python_peers.py DIR SYSTEM [--epochs N] [--threads 2] [--seed 1]

SYSTEM: foldin, foldin-fast (`preset("fast")`), recbole, cornac for Mult-VAE, 200 latent and 600 hidden units, batches of 500 users (except
foldin-fast), learning rate 0.001; foldin-ease, irspack-ease, numpy-ease, numpy-ease-float64 for EASE, lambda 500. Prints one JSON line:
seconds of the fit, peak memory of the process, and the test metrics, computed here from each package's scores. Needs NumPy, SciPy and the package.
"""
import argparse
import json
import os
import pathlib
import resource
import tempfile
import time

import numpy as np
import scipy.sparse as sp

parser = argparse.ArgumentParser()
parser.add_argument("directory", type=pathlib.Path)
parser.add_argument("system")
parser.add_argument("--epochs", type=int, default=50)
parser.add_argument("--threads", type=int, default=2)
parser.add_argument("--seed", type=int, default=1)
options = parser.parse_args()
ITEMS = len((options.directory / "unique_sid.txt").read_text().splitlines())


def clicks(*names):
    """Matrices of ones with one row for each user in any of the files."""
    pairs = [np.loadtxt(options.directory / f"{name}.csv", delimiter=",", skiprows=1, dtype=np.int64) for name in names]
    users = np.unique(np.concatenate([p[:, 0] for p in pairs]))
    return [
        sp.csr_matrix((np.ones(len(p), np.float32), (np.searchsorted(users, p[:, 0]), p[:, 1])), shape=(len(users), ITEMS)) for p in pairs
    ]


def evaluate(scores):
    known, targets = (matrix.toarray() for matrix in TEST)
    scores = np.where(known > 0, -np.inf, scores)
    best = np.argsort(-scores, axis=1, kind="stable")[:, :100]
    hits, counts = np.take_along_axis(targets, best, 1).astype(float), targets.sum(1)
    hits, counts = hits[counts > 0], counts[counts > 0].astype(int)
    discount = 1 / np.log2(np.arange(2, 102))
    ideal = np.cumsum(discount)[np.minimum(counts, 100) - 1]
    return {
        "ndcg@100": float(((hits * discount).sum(1) / ideal).mean()),
        "recall@20": float((hits[:, :20].sum(1) / np.minimum(counts, 20)).mean()),
    }


def foldin_model(model):
    model.fit(TRAIN)
    return lambda: model.score(TEST[0])


def torch_scores(forward):
    import torch

    def scores():
        with torch.no_grad():
            return forward(torch.from_numpy(TEST[0].toarray())).numpy()

    return scores


def cornac():
    import torch
    from cornac.data import Dataset
    from cornac.models import VAECF

    torch.set_num_threads(options.threads)
    entries = TRAIN.tocoo()
    data = Dataset.build([(f"u{u}", f"i{i}", 1.0) for u, i in zip(entries.row, entries.col)])
    model = VAECF(
        k=200, autoencoder_structure=[600], act_fn="tanh", likelihood="mult", n_epochs=options.epochs, batch_size=500, learning_rate=1e-3,
        beta=0.2, seed=options.seed, verbose=False)
    began = time.perf_counter()
    model.fit(data)
    seconds = time.perf_counter() - began
    columns = np.array([data.iid_map[f"i{i}"] for i in range(ITEMS)])

    def forward(known):
        ordered = torch.zeros_like(known)
        ordered[:, columns] = known
        return torch.log(model.vae.decode(model.vae.encode(ordered)[0]))[:, columns]

    return seconds, torch_scores(forward)


def recbole():
    import torch
    from recbole.config import Config
    from recbole.data import create_dataset, data_preparation
    from recbole.model.general_recommender import MultiVAE
    from recbole.trainer import Trainer
    from recbole.utils import init_seed

    torch.set_num_threads(options.threads)
    folder = pathlib.Path(tempfile.mkdtemp())
    os.chdir(folder)  # RecBole writes logs where it runs
    (folder / "clicks").mkdir()
    entries = TRAIN.tocoo()
    lines = [f"{u}\t{i}" for u, i in zip(entries.row, entries.col)]
    (folder / "clicks" / "clicks.inter").write_text("user_id:token\titem_id:token\n" + "\n".join(lines) + "\n")
    config = Config(
        model="MultiVAE", dataset="clicks",
        config_dict={
            "data_path": str(folder), "load_col": {"inter": ["user_id", "item_id"]}, "epochs": options.epochs, "train_batch_size": 500,
            "learning_rate": 1e-3, "latent_dimension": 400, "mlp_hidden_size": [600], "dropout_prob": 0.5, "anneal_cap": 0.2,
            "total_anneal_steps": int(10 * options.epochs * 0.85 / 0.2), "use_gpu": False, "seed": options.seed, "show_progress": False,
            "eval_args": {"split": {"RS": [1, 0, 0]}, "group_by": "user", "order": "RO", "mode": "full"}, "checkpoint_dir": str(folder),
            "state": "CRITICAL", "train_neg_sample_args": None,
        })  # fmt: skip
    init_seed(options.seed, True)
    dataset = create_dataset(config)
    train, _, _ = data_preparation(config, dataset)
    model = MultiVAE(config, train.dataset)
    trainer = Trainer(config, model)
    began = time.perf_counter()
    trainer.fit(train, valid_data=None, verbose=False, saved=False, show_progress=False)
    seconds = time.perf_counter() - began
    model.eval()
    columns = dataset.token2id("item_id", [str(i) for i in range(ITEMS)])

    def forward(known):
        ordered = torch.zeros(len(known), dataset.item_num)
        ordered[:, columns] = known
        return model(ordered)[0][:, columns]

    return seconds, torch_scores(forward)


def numpy_ease(kind):
    dense = TRAIN.toarray().astype(kind)
    began = time.perf_counter()
    gram = dense.T @ dense
    gram[np.diag_indices(ITEMS)] += 500
    inverse = np.linalg.inv(gram)
    weights = inverse / -np.diag(inverse)
    weights[np.diag_indices(ITEMS)] = 0
    seconds = time.perf_counter() - began
    return seconds, lambda: TEST[0] @ weights


def timed(fit):
    began = time.perf_counter()
    scores = fit()
    return time.perf_counter() - began, scores


def irspack_ease():
    from irspack.recommenders import DenseSLIMRecommender

    model = DenseSLIMRecommender(TRAIN.astype(np.float64), reg=500)
    return timed(lambda: model.learn() and (lambda: model.get_score_cold_user(TEST[0].astype(np.float64))))


def foldin_vae(**parameters):
    import foldin

    own = {"threads": options.threads, "seed": options.seed}
    if "name" in parameters:
        model = foldin.MultVAE.preset(**parameters, **own, epochs=options.epochs)
    else:
        model = foldin.MultVAE(latent=200, hidden=(600,), epochs=options.epochs, batch_size=500, learning_rate=1e-3, **own, **parameters)
    return timed(lambda: foldin_model(model))


def foldin_ease():
    import foldin

    return timed(lambda: foldin_model(foldin.EASE(lambda_=500, threads=options.threads)))


(TRAIN,) = clicks("train")
TEST = clicks("test_tr", "test_te")
systems = {
    "foldin": foldin_vae, "foldin-bf16": lambda: foldin_vae(precision="bf16"), "foldin-fast": lambda: foldin_vae(name="fast"),
    "recbole": recbole, "cornac": cornac, "foldin-ease": foldin_ease, "irspack-ease": irspack_ease,
    "numpy-ease": lambda: numpy_ease(np.float32), "numpy-ease-float64": lambda: numpy_ease(np.float64),
}  # fmt: skip
seconds, scores = systems[options.system]()
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
print(json.dumps({"system": options.system, "seconds": round(seconds, 3), "peak_mib": peak, **evaluate(scores())}))
