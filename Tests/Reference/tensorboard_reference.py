#!/usr/bin/env python3
"""Reads the TensorBoard events of a run with TensorBoard and compares them with the run's history.

    python Tests/Reference/tensorboard_reference.py RUN      (needs tensorboard)

Every number of every line of history.jsonl must occur exactly once, under its name and at its epoch, in single precision. The same holds
for anneal-search.jsonl and tensorboard/search. The options of run.json must be the session's hyperparameters.
"""
import json
import pathlib
import sys

import numpy as np
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.plugins.hparams import plugin_data_pb2

run = pathlib.Path(sys.argv[1])
NOT_SCALARS = {"epoch", "updates", "best", "metric", "search", "seconds"}


def compare(history, folder):
    lines = [json.loads(line) for line in history.read_text().splitlines()]
    events = EventAccumulator(str(folder), size_guidance={"scalars": 0})
    events.Reload()
    expected = {}
    for line in lines:
        for name, value in line.items():
            if name not in NOT_SCALARS and value is not None:
                expected.setdefault(name, []).append((line["epoch"], np.float32(value)))
    found = {tag: [(e.step, np.float32(e.value)) for e in events.Scalars(tag)] for tag in events.Tags()["scalars"]}
    assert found == expected, f"{folder}: {sorted(found)} against {sorted(expected)}"
    return events, len(lines), sum(len(values) for values in found.values())


events, epochs, numbers = compare(run / "history.jsonl", run / "tensorboard")
print(f"{epochs} epochs, {numbers} numbers under {len(events.Tags()['scalars'])} tags: as in history.jsonl")
if (run / "anneal-search.jsonl").exists():
    _, epochs, numbers = compare(run / "anneal-search.jsonl", run / "tensorboard" / "search")
    print(f"{epochs} epochs, {numbers} numbers of the search: as in anneal-search.jsonl")

metadata = {
    tag: plugin_data_pb2.HParamsPluginData.FromString(content)
    for tag, content in events.PluginTagToContent("hparams").items()
}
start = metadata["_hparams_/session_start_info"].session_start_info
found = {
    name: value.number_value if value.HasField("number_value") else value.string_value
    for name, value in start.hparams.items()
}
options = json.loads((run / "run.json").read_text())["options"]


def number_or_text(text):
    try:
        return float(text)
    except ValueError:
        return text


assert found == {name: number_or_text(value) for name, value in options.items()}, found
experiment = metadata["_hparams_/experiment"].experiment
assert {info.name for info in experiment.hparam_infos} == set(options)
assert [info.name.tag for info in experiment.metric_infos] == ["validation", "validation_loss"]
assert metadata["_hparams_/session_end_info"].session_end_info.status == 1
print(f"{len(found)} hyperparameters: as in run.json")
