#!/bin/sh
# Time until the validation NDCG@100 reaches 0.395: `foldin train --preset fast` and PyTorch eager with the reference's options,
# alternately, seed by seed, and between them each engine with the options of the other.
#
#     Benchmarks/time-to-quality.sh DIR [SEEDS] [THREADS] [MODEL...]
#
# The default models are mult-vae and mult-dae.
#
# DIR is a directory that `foldin prepare` wrote, of MovieLens-1M. Needs a release build and, in $FOLDIN_PYTHON (default python3), numpy and
# torch for the CPU. Prints a table of means and writes the curves to the directory $CURVES if that is set.
set -eu
data=$(realpath "$1")
seeds=${2:-3}
threads=${3:-2}
shift $(($# < 3 ? $# : 3))
models=${*:-mult-vae mult-dae}
cd "$(dirname "$0")/.."
foldin=${FOLDIN:-.build/release/foldin}
python=${FOLDIN_PYTHON:-python3}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT INT TERM

echo "$(date +%F), $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -1), $threads threads, $seeds seeds"
train() { # recipe, model, seed, options
    name="$1"-$2-$3
    shift 3
    "$foldin" train "$data" --out "$work/$name" --threads "$threads" "$@" >/dev/null 2>&1
}
for seed in $(seq "$seeds"); do
    for model in $models; do
        train foldin-fast $model "$seed" --model $model --seed "$seed" --preset fast
        train foldin-reference $model "$seed" --model $model --seed "$seed"
        "$python" Benchmarks/pytorch_train.py "$data" --threads "$threads" --model $model --seed "$seed" >"$work/torch-reference-$model-$seed.json"
        "$python" Benchmarks/pytorch_train.py "$data" --threads "$threads" --model $model --seed "$seed" --batch-size 125 \
            --learning-rate 0.004 --cosine --epochs 20 >"$work/torch-fast-$model-$seed.json"
        echo "seed $seed, $model done" >&2
    done
done
"$python" - "$work" "$seeds" "${CURVES:-}" "$models" <<'PYTHON'
import json, pathlib, statistics, sys

work, seeds, curves = pathlib.Path(sys.argv[1]), range(1, int(sys.argv[2]) + 1), sys.argv[3]
target = 0.395


def measured(recipe, model, seed):
    """(the curve, test metrics) of a run."""
    if recipe.startswith("torch"):
        run = json.loads((work / f"{recipe}-{model}-{seed}.json").read_text())
        return [(at["epoch"], at["seconds"], at["validation"]) for at in run["curve"]], run["test"]
    folder = work / f"{recipe}-{model}-{seed}"
    lines = [json.loads(line) for line in (folder / "history.jsonl").read_text().splitlines()]
    test = json.loads((folder / "run.json").read_text())["test"]["metrics"]
    return [(at["epoch"], at["seconds"], at["validation"]) for at in lines], {name: value["mean"] for name, value in test.items()}


labels = {"foldin-fast": "Foldin, preset fast", "foldin-reference": "Foldin, reference options",
          "torch-reference": "PyTorch eager, reference options", "torch-fast": "PyTorch eager, fast's options"}
for model in sys.argv[4].split():
    means = {}
    print(f"\n{model}: means over {len(seeds)} seeds\n{'':34}{'s to .395':>10}{'ratio':>8}{'epochs':>8}   test ndcg@100 recall@20 recall@50")
    for recipe, label in labels.items():
        runs = [measured(recipe, model, seed) for seed in seeds]
        reached = [next(((epoch, s) for epoch, s, value in curve if value >= target), None) for curve, _ in runs]
        if None in reached:
            print(f"{label:34} not reached by all seeds")
            continue
        seconds = means[recipe] = statistics.mean(s for _, s in reached)
        epochs = statistics.mean(epoch for epoch, _ in reached)
        test = "  ".join(f"{statistics.mean(t[name] for _, t in runs):8.4f}" for name in ("ndcg@100", "recall@20", "recall@50"))
        print(f"{label:34}{seconds:10.2f}{seconds / means['foldin-fast']:7.1f}x{epochs:8.1f}        {test}")
        if curves:
            with open(f"{curves}/{recipe}-{model}.tsv", "w") as file:
                for number, (curve, _) in enumerate(runs, 1):
                    file.writelines(f"{number}\t{epoch}\t{s}\t{value}\n" for epoch, s, value in curve)
                    file.write("\n\n")
PYTHON
