"""Searches the options of Mult-VAE by Optuna. Trials that fall behind the others are stopped early.

    pip install foldin scipy optuna
    python optuna_search.py [--trials N] [CLICKS.csv]
"""

import argparse

import foldin
import optuna
from clicks import load

parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
parser.add_argument("file", nargs="?", help='lines "user,item"; without it clicks are generated')
parser.add_argument("--trials", type=int, default=20)
arguments = parser.parse_args()
train, validation, test = load(arguments.file)


def make(trial):
    return foldin.MultVAE(
        latent=trial.suggest_int("latent", 8, 64, log=True),
        hidden=(trial.suggest_int("hidden", 16, 128, log=True),),
        dropout=trial.suggest_float("dropout", 0.1, 0.7),
        anneal_cap=trial.suggest_float("anneal_cap", 0.01, 1, log=True),
        learning_rate=trial.suggest_float("learning_rate", 3e-4, 1e-2, log=True),
        epochs=30, batch_size=100, patience=5, metric="ndcg@20",
    )  # fmt: skip


def objective(trial):
    def report(epoch):
        trial.report(epoch["validation"], epoch["epoch"])
        if trial.should_prune():
            raise optuna.TrialPruned

    model = make(trial).fit(train, validation=validation, callback=report)
    return max(epoch["validation"] for epoch in model.history_)


study = optuna.create_study(
    direction="maximize",
    sampler=optuna.samplers.TPESampler(seed=1),
    pruner=optuna.pruners.MedianPruner(n_startup_trials=3, n_warmup_steps=3),
)
study.optimize(objective, n_trials=arguments.trials)
states = [trial.state.name for trial in study.trials]
print(f"{states.count('COMPLETE')} trials complete, {states.count('PRUNED')} pruned")
print(f"best: ndcg@20 {study.best_value:.4f} on validation users with {study.best_params}")
best = make(optuna.trial.FixedTrial(study.best_params)).fit(train, validation=validation)
print(f"ndcg@20 {best.evaluate(*test, ['ndcg@20'])['ndcg@20']:.4f} on test users")
