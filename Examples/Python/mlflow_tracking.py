"""Tracks a training by MLflow: parameters, metrics of each epoch, final metrics and the model file; then loads the model again.

    pip install foldin scipy mlflow
    python mlflow_tracking.py [--folder FOLDER] [CLICKS.csv]
    mlflow ui --backend-store-uri sqlite:///FOLDER/mlflow.db
"""

import argparse
import tempfile
from pathlib import Path

import foldin
import mlflow
from clicks import load

parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
parser.add_argument("file", nargs="?", help='lines "user,item"; without it clicks are generated')
parser.add_argument("--folder", type=Path, default=Path("tracking"))
arguments = parser.parse_args()
train, validation, test = load(arguments.file)

folder = arguments.folder.resolve()
folder.mkdir(parents=True, exist_ok=True)
mlflow.set_tracking_uri(f"sqlite:///{folder}/mlflow.db")
if mlflow.get_experiment_by_name("foldin") is None:
    mlflow.create_experiment("foldin", artifact_location=(folder / "artifacts").as_uri())
mlflow.set_experiment("foldin")

model = foldin.MultVAE(latent=32, hidden=(64,), epochs=20, batch_size=100, learning_rate=3e-3, metric="ndcg@20")
with mlflow.start_run() as run:
    mlflow.log_params({"model": model.family, **model.get_params()})

    def log(epoch):
        mlflow.log_metrics({name: epoch[name] for name in ("loss", "validation", "seconds")}, step=epoch["epoch"])

    model.fit(train, validation=validation, callback=log)
    report = model.evaluate(*test, ["ndcg@20", "recall@20"])
    # MLflow's names have no "@".
    mlflow.log_metrics({name.replace("@", "_at_"): value for name, value in report.items()})
    with tempfile.TemporaryDirectory() as place:
        model.save(f"{place}/model.safetensors")
        mlflow.log_artifact(f"{place}/model.safetensors")

loaded = foldin.load(mlflow.artifacts.download_artifacts(run_id=run.info.run_id, artifact_path="model.safetensors"))
same = (loaded.recommend(test[0]) == model.recommend(test[0])).all()
print(f"run {run.info.run_id}: ndcg@20 {report['ndcg@20']:.4f} on test users; the loaded model recommends the same: {same}")
