"""The examples run, on generated clicks and on a file."""

import os
import pathlib
import re
import subprocess
import sys

import numpy as np
import pytest

FOLDER = pathlib.Path(os.environ.get("FOLDIN_PYTHON_EXAMPLES", pathlib.Path(__file__).parents[3] / "Examples" / "Python"))
pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason="FOLDIN_PYTHON_EXAMPLES names the folder of the examples")


def run(name, *arguments):
    environment = os.environ | {"MLFLOW_DISABLE_TELEMETRY": "true"}
    done = subprocess.run([sys.executable, FOLDER / name, *arguments], capture_output=True, text=True, timeout=300, env=environment)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def file(clicks, tmp_path):
    users, items = (clicks[0] + clicks[1]).nonzero()
    np.savetxt(tmp_path / "clicks.csv", np.stack([users + 1_000, items], axis=1), fmt="%d", delimiter=",")
    return tmp_path / "clicks.csv"


def test_the_search_prunes_and_finds_good_options(file):
    pytest.importorskip("optuna")
    out = run("optuna_search.py", "--trials", "10")
    complete, pruned = map(int, re.search(r"(\d+) trials complete, (\d+) pruned", out).groups())
    assert complete + pruned == 10 and pruned > 0
    assert float(re.search(r"ndcg@20 (\S+) on test users", out)[1]) > 0.4
    assert "2 trials complete" in run("optuna_search.py", "--trials", "2", file)


def test_the_run_is_tracked(file, tmp_path):
    mlflow = pytest.importorskip("mlflow")
    import foldin

    folder = tmp_path / "tracking"
    for arguments in ([], [file]):
        out = run("mlflow_tracking.py", "--folder", folder, *arguments)
        assert "recommends the same: True" in out
    mlflow.set_tracking_uri(f"sqlite:///{folder}/mlflow.db")
    client = mlflow.MlflowClient()
    newer, older = client.search_runs([client.get_experiment_by_name("foldin").experiment_id])
    assert older.info.status == newer.info.status == "FINISHED"
    assert older.data.params["model"] == "mult-vae" and older.data.params["hidden"] == "(64,)"
    assert older.data.metrics["ndcg_at_20"] > 0.4
    losses = client.get_metric_history(older.info.run_id, "loss")
    assert [point.step for point in losses] == list(range(1, 21)) and losses[-1].value < losses[0].value
    assert isinstance(foldin.load(client.download_artifacts(newer.info.run_id, "model.safetensors", tmp_path)), foldin.MultVAE)
