"""Makes the system calls of the command fail, one after the other, and looks at what it leaves.

    python3 faults.py FOLDIN [--quick] [--most N] [--only WORDS] [--seed N] [--list]

FOLDIN is the built command. For each scenario the script counts the calls about the scenario's files (`faults.c`, which it builds with
cc and loads by LD_PRELOAD), then runs the scenario again with each of them failing: once, and with all like it after it (a full disk).
Of more than 120 calls of a kind it takes the first 50, the last 50 and 20 drawn by the seed. --quick draws some of all faults, for less
than a minute, --most at most N of each scenario; --only takes the scenarios whose names contain one of the words, --list prints what they print.

A run is right that ends with status 0 and the undisturbed result, or with a documented status, one message and nothing destroyed: what
was there is whole, what is new is whole or not there, no temporary file is left, and the same command undisturbed ends as it should.
Standard library only; for Linux. Exits with 1 when a run was not right.
"""

import argparse
import concurrent.futures
import errno
import http.client
import json
import os
import pathlib
import random
import re
import shutil
import signal
import sqlite3
import struct
import subprocess
import sys
import tempfile
import threading
import time

KINDS = ["open", "write", "fsync", "rename", "mmap", "mkdir", "truncate", "close", "unlink", "link", "read"]
# Of each kind, then the faults made, then the closes of descriptors that are not open.
NO_COUNTS = [0] * (len(KINDS) + 2)
# The errors that each kind of call may meet; SHORT writes half.
SHORT = 0
ERRORS = {
    "open": [errno.EMFILE, errno.EACCES, errno.ENOSPC, errno.EINTR],
    "write": [errno.ENOSPC, errno.EIO, errno.EDQUOT, SHORT, errno.EINTR],
    "fsync": [errno.EIO],
    "rename": [errno.EIO, errno.ENOSPC],
    "mmap": [errno.ENOMEM],
    "mkdir": [errno.ENOSPC, errno.EDQUOT],
    "truncate": [errno.EIO],
    "close": [errno.EIO],
    "unlink": [errno.EIO],
    "link": [errno.EIO],
    "read": [errno.EIO, errno.EINTR],
}
STATUSES = {64, 65, 66, 73, 74}
# What nobody should have to read.
MARKS = re.compile(
    r"Fatal error|Swift/|Thread \d|NSCocoa|NSPOSIX|Error Domain|SQLite error|while executing|fault of foldin|an error of the type|\(code \d"
)
LEFT = re.compile(r"\.tmp$|\.old$|-journal$|\.partial$")

parser = argparse.ArgumentParser()
parser.add_argument("foldin")
parser.add_argument("--quick", action="store_true")
parser.add_argument("--most", type=int)
parser.add_argument("--only", nargs="*", default=[])
parser.add_argument("--seed", type=int, default=1)
parser.add_argument("--list", action="store_true")
options = parser.parse_args()
foldin = os.path.abspath(options.foldin)
here = pathlib.Path(__file__).resolve().parent
fast = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
base = pathlib.Path(os.path.realpath(tempfile.mkdtemp(dir=fast)))
shim = base / "faults.so"
printing = threading.Lock()


def say(text):
    with printing:
        print(text, flush=True)


class Outcome:
    def __init__(self, status, output, errors, counts):
        self.status, self.output, self.errors = status, output, errors
        self.counts = dict(zip(KINDS, counts))
        self.injected, self.doubled = counts[-2:]


def environment(slot, fault=None, counts=None):
    result = dict(os.environ, SWIFT_BACKTRACE="enable=no", TMPDIR=str(slot / "tmp"))
    if counts:
        result |= {
            "LD_PRELOAD": str(shim), "FOLDIN_FAULT_UNDER": str(slot), "FOLDIN_FAULT_COUNTS": str(counts),
        }
    if fault:
        call, number, error, lasting = fault
        result |= {
            "FOLDIN_FAULT_CALL": call, "FOLDIN_FAULT_NUMBER": str(number), "FOLDIN_FAULT_ERROR": str(error),
            "FOLDIN_FAULT_LASTING": "1" if lasting else "0",
        }
    return result


def read_counts(path):
    return struct.unpack(f"{len(KINDS) + 2}q", path.read_bytes())


def run(slot, arguments, fault=None, watched=True):
    """Runs the command in a slot; with the shim unless `watched` is false."""
    counts = slot.parent / (slot.name + ".counts") if watched else None
    if counts:
        counts.write_bytes(bytes(8 * (len(KINDS) + 2)))
    try:
        done = subprocess.run(
            [foldin, *arguments], cwd=slot, env=environment(slot, fault, counts), stdin=subprocess.DEVNULL,
            capture_output=True, timeout=120)
    except subprocess.TimeoutExpired as late:
        return Outcome("hangs", b"", (late.stderr or b"").decode(errors="replace"), read_counts(counts) if counts else NO_COUNTS)
    return Outcome(
        done.returncode, done.stdout, done.stderr.decode(errors="replace"), read_counts(counts) if counts else NO_COUNTS)


def tables(path):
    """The rows of a SQLite file, without times."""
    connection = sqlite3.connect(path)
    try:
        rows = []
        for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name").fetchall():
            if name in ("sqlite_sequence", "grdb_migrations"):
                continue
            columns = [c[1] for c in connection.execute(f"PRAGMA table_info({name})")]
            kept = [c for c in columns if c not in ("seconds", "changed", "began", "dataDirectory", "id" if name == "event" else "")]
            rows += sorted(repr((name, row)) for row in connection.execute(f"SELECT {', '.join(kept)} FROM {name}"))
        return rows
    finally:
        connection.close()


def normal(path):
    """A file's contents without what differs from run to run."""
    name = path.name
    if name.endswith(".sqlite"):
        try:
            return tables(path)
        except sqlite3.Error as error:
            return str(error)
    data = path.read_bytes()
    if name.startswith("events.out"):
        return len(data)
    if name == "run.json":  # the command that goes on with a run is another one
        data = re.sub(rb'"environment" ?: ?\{.*?\}', b"", data, flags=re.DOTALL)
    if name in ("history.jsonl", "anneal-search.jsonl", "run.json"):
        return re.sub(rb'"(seconds|peak_memory_bytes)" ?: ?[^,}\n]*', b"", data)
    return data


def snapshot(place):
    """All files under a folder by their path; None for one that is not there."""
    if not place.exists():
        return None
    if place.is_file():
        return {"": normal(place)}
    return {
        str(p.relative_to(place)): normal(p) for p in sorted(place.rglob("*"))
        if p.is_file() and not p.name.endswith(("-wal", "-shm", ".lock"))
    }


class Scenario:
    """A command, what it finds and what it writes.

    `start` makes what is there before, in a folder that is then copied for each run. `result` is what the command writes, relative to the
    slot; `keep` are the folders and files that it must not touch. `again` is the command that goes on after a failure."""

    def __init__(self, name, start, arguments, result=None, again=None, goes_on=False, seconds=0.3):
        self.name, self.start, self.arguments, self.result = name, start, arguments, result
        self.again = again or arguments
        # Whether an unfinished result may stay, to go on with.
        self.goes_on = goes_on

    def make(self):
        self.template = base / "templates" / self.name.replace(" ", "-")
        self.template.mkdir(parents=True)
        (self.template / "tmp").mkdir()
        self.start(self.template)
        self.before = snapshot(self.template / self.result) if self.result else None
        self.inputs = {k: v for k, v in snapshot(self.template).items() if not self.is_result(k)}
        slot = self.copy("whole")
        whole = run(slot, self.arguments)
        if whole.status != 0:
            sys.exit(f"{self.name}: undisturbed it ends with {whole.status}: {whole.errors}")
        self.counts, self.output = whole.counts, self.said(whole.output)
        self.after = snapshot(slot / self.result) if self.result else None
        self.notes = len([line for line in whole.errors.splitlines() if line.startswith("foldin: ")])
        shutil.rmtree(slot)

    def is_result(self, path):
        return self.result is not None and (path == self.result or path.startswith(self.result + "/"))

    def copy(self, name):
        slot = base / "slots" / f"{self.name.replace(' ', '-')}-{name}"
        shutil.copytree(self.template, slot)
        return slot

    @staticmethod
    def said(output):
        return re.sub(rb" *\b\d+(\.\d+)? (s|MB|GB)\b| *\b\d+\.\d\b|\"(?:\w+_)?seconds\":[^,}]*|\"peak_memory_bytes\":[^,}]*", b"", output)

    def faults(self, draw):
        for kind in KINDS:
            count = self.counts[kind]
            numbers = list(range(1, count + 1))
            if count > 120:
                numbers = numbers[:50] + sorted(draw.sample(numbers[50:-50], 20)) + numbers[-50:]
            for number in numbers:
                for error in ERRORS[kind]:
                    for lasting in [False, True]:
                        if lasting and error in (SHORT, errno.EINTR):
                            continue
                        yield (kind, number, error, lasting)

    def examine(self, number, fault):
        """Runs with a fault: what kind of outcome it is, and what was wrong."""
        slot = self.copy(number)
        try:
            outcome = run(slot, self.arguments, fault)
            wrong = self.judge(slot, outcome, fault)
            if not wrong and outcome.status != 0:
                wrong = self.go_on(slot)
            kind = "FAULTY" if wrong else "ok" if outcome.status == 0 else "refused"
            return kind, wrong, outcome
        finally:
            shutil.rmtree(slot, ignore_errors=True)

    def judge(self, slot, outcome, fault):
        wrong = []
        if outcome.status not in {0} | STATUSES:
            wrong.append(f"status {outcome.status}")
        if MARKS.search(outcome.errors):
            wrong.append("a message that is not clear")
        if outcome.doubled:
            wrong.append("a descriptor closed twice")
        messages = [line for line in outcome.errors.splitlines() if line.startswith(("foldin: ", "Error: "))]
        if outcome.status != 0 and len(messages) != 1 + self.notes:
            wrong.append(f"{len(messages)} messages")
        now = snapshot(slot)
        for path, data in self.inputs.items():
            if now.get(path) != data:
                wrong.append(f"{path} was touched")
        could_not_remove = fault[0] == "unlink"
        # What could not be looked at again is kept under another name, which is told.
        kept = set(re.findall(r"it is (?:kept )?in (?:\S*/)?(kept-by-\S+)", outcome.errors))
        for place in kept:
            found = snapshot(slot / place)
            if found != self.before and not (could_not_remove and self.holds(self.before, found)):
                wrong.append(f"{place} is not the old one")
        now = {path: data for path, data in now.items() if path.split("/")[0] not in kept}
        for path in now:
            if LEFT.search(path) or path.startswith("tmp/") or (path not in self.inputs and not self.is_result(path)):
                if not could_not_remove:
                    wrong.append(f"{path} is left")
        for folder in [p for p in slot.rglob("*") if p.is_dir() and LEFT.search(p.name)]:
            if not could_not_remove:
                wrong.append(f"{folder.name}/ is left")
        if self.result is None:
            if outcome.status == 0 and self.said(outcome.output) != self.output:
                wrong.append("another output")
            return wrong
        result = snapshot(slot / self.result)
        if outcome.status == 0:
            if result != self.after and not (could_not_remove and self.holds(result, self.after)):
                wrong.append("another result: " + self.difference(result, self.after))
            if self.said(outcome.output) != self.output:
                wrong.append("another output")
        elif self.before is None and fault[3] and self.result.endswith(".sqlite"):
            # A new database that SQLite cannot even look into is left: another process may have it open. The same command goes on in it.
            pass
        elif not self.goes_on and result not in (self.before, self.after):
            if not (could_not_remove and (self.holds(result, self.before) or self.holds(result, self.after))):
                wrong.append("half a result: " + self.difference(result, self.before))
        elif self.goes_on:
            wrong += self.unfinished(result, could_not_remove)
        return wrong

    @staticmethod
    def holds(found, expected):
        return expected is None or found is not None and all(found.get(k) == v for k, v in expected.items())

    def unfinished(self, result, could_not_remove):
        """What is wrong with a run directory after a failure."""
        if result is None or result == self.after:
            return [] if self.before in (None, result) or result == self.after else ["the old run is gone"]
        old = {path: data for path, data in (self.before or {}).items() if not path.startswith("unfinished-run/")}
        model = result.get("model.safetensors")
        if "run.json" in old and "checkpoint.safetensors" not in old:
            # An old run that stays until the new one is complete.
            if self.holds(result, old):
                return []
            if model == self.after["model.safetensors"]:
                return []
            return ["the old run is not whole: " + self.difference(result, old)]
        if model not in (None, old.get("model.safetensors"), self.after.get("model.safetensors")):
            return ["half a model"]
        return []

    @staticmethod
    def difference(found, expected):
        found, expected = found or {}, expected or {}
        return ", ".join(sorted(k for k in found.keys() | expected.keys() if found.get(k) != expected.get(k)))[:300]

    def go_on(self, slot):
        """The same command, or the one that goes on, undisturbed."""
        if self.result is None or snapshot(slot / self.result) == self.after:
            return []
        outcome = run(slot, self.again, watched=False)
        result = snapshot(slot / self.result)
        if result == self.after and (outcome.status == 0 or "a finished run" in outcome.errors):
            return []
        if self.again == ["true"]:
            return []
        return [f"going on ends with {outcome.status} {outcome.errors.strip()[-300:]!r}: {self.difference(result, self.after)}"]


# What the scenarios begin with.

def ratings(path, users=60, items=25, seed=3):
    draw = random.Random(seed)
    with open(path, "w") as file:
        file.write("userId,movieId,rating,timestamp\n")
        for user in range(users):
            for item in draw.sample(range(items), 8):
                file.write(f"u{user},i{item},{draw.randint(1, 5)},{1_500_000_000 + user * 100 + item}\n")


def command(slot, *arguments):
    done = run(slot, list(arguments), watched=False)
    if done.status != 0:
        sys.exit(f"{arguments}: {done.status} {done.errors}")


NETWORK = ["--latent", "4", "--hidden", "8", "--batch-size", "20", "--epochs", "3", "--patience", "0", "--threads", "1"]
TRAIN = ["train", "data", "--out", "run", "--checkpoint-every", "0", *NETWORK]


def with_ratings(slot):
    ratings(slot / "ratings.csv")


def with_data(slot):
    with_ratings(slot)
    command(slot, "prepare", "ratings.csv", "--held-out-users", "10", "--out", "data")
    os.remove(slot / "ratings.csv")


def with_old_data(slot):
    ratings(slot / "ratings.csv", users=40, seed=4)
    command(slot, "prepare", "ratings.csv", "--held-out-users", "5", "--out", "data")
    with_ratings(slot)


def with_old_run(slot):
    with_data(slot)
    command(slot, *TRAIN, "--seed", "7")


def with_unfinished_run(slot, *more):
    with_data(slot)
    trial = base / f"trial-{slot.name}"
    shutil.copytree(slot, trial)
    count = run(trial, [*TRAIN]).counts["rename"]
    shutil.rmtree(trial)
    # Killed, as it were, in the middle.
    done = run(slot, [*TRAIN, *more], ("rename", count * 6 // 10, errno.EIO, True))
    if not list((slot / "run").rglob("checkpoint.safetensors")):
        sys.exit(f"no checkpoint is left: {done.status} {done.errors}")


def with_models(slot):
    with_data(slot)
    command(slot, *TRAIN)
    command(slot, "train", "data", "--model", "ease", "--out", "other", "--threads", "1")
    os.rename(slot / "run", slot / "one")


def with_blend(slot):
    with_models(slot)
    command(slot, "blend", "one", "other", "--data", "data", "--out", "run", "--weights", "1,1", "--threads", "1")


def with_sweep_file(slot):
    with_data(slot)
    (slot / "sweep.toml").write_text(
        'seeds = [1]\n[base]\nlatent = 4\nhidden = 8\nepochs = 2\nbatch-size = 20\n[grid]\nmodel = ["mult-vae", "mult-dae"]\n')


def with_half_a_sweep(slot):
    with_sweep_file(slot)
    trial = base / "trial-sweep"
    shutil.copytree(slot, trial)
    count = run(trial, SWEEP).counts["rename"]
    shutil.rmtree(trial)
    run(slot, SWEEP, ("rename", count * 7 // 10, errno.EIO, True))


def with_events(slot, count=3000):
    ratings(slot / "old.csv", users=30, seed=9)
    command(slot, "import-events", "old.csv", "--events", "events.sqlite", "--threads", "1")
    os.remove(slot / "old.csv")
    with_ratings(slot)


SWEEP = ["sweep", "sweep.toml", "--data", "data", "--out", "sweep", "--parallel", "1", "--threads", "1", "--checkpoint-every", "0"]

PREPARE = ["prepare", "ratings.csv", "--held-out-users", "10", "--out", "data", "--threads", "1"]


def takes(command_name, flag):
    return flag in subprocess.run([foldin, command_name, "--help"], capture_output=True, text=True).stdout


OVER = ["--overwrite"] if takes("prepare", "--overwrite") else []

SCENARIOS = [
    Scenario("prepare", with_ratings, PREPARE, "data"),
    Scenario("prepare over old", with_old_data, PREPARE + OVER, "data"),
    Scenario("prepare weak", with_ratings, [*PREPARE[:2], "--split", "weak-generalization", *PREPARE[4:]], "data"),
    Scenario("train", with_data, TRAIN, "run", [*TRAIN, "--resume"], goes_on=True),
    Scenario("train over old", with_old_run, [*TRAIN, "--overwrite"], "run", goes_on=True),
    Scenario("train resume", with_unfinished_run, [*TRAIN, "--resume"], "run", goes_on=True),
    Scenario(
        "train resume over old", lambda slot: (with_old_run(slot), unfinished_over(slot)), [*TRAIN, "--resume"], "run",
        goes_on=True),
    Scenario("train rec-vae", with_data, [*TRAIN, "--model", "rec-vae"], "run", [*TRAIN, "--model", "rec-vae", "--resume"],
             goes_on=True),
    Scenario("train ease", with_data, ["train", "data", "--model", "ease", "--out", "run", "--threads", "1"], "run"),
    Scenario("compare", with_data, ["compare", "data", "--models", "popularity,ease", "--no-search", "--threads", "1", "--json"]),
    Scenario("sweep", with_sweep_file, SWEEP, "sweep", goes_on=True),
    Scenario("sweep goes on", with_half_a_sweep, SWEEP, "sweep", goes_on=True),
    Scenario(
        "blend", with_models, ["blend", "one", "other", "--data", "data", "--out", "run", "--weights", "1,1", "--threads", "1"],
        "run"),
    Scenario(
        "blend over old", with_blend,
        ["blend", "one", "other", "--data", "data", "--out", "run", "--weights", "1,2", "--threads", "1", "--overwrite"], "run",
        goes_on=True),
    Scenario("recommend", with_models, ["recommend", "one", "--histories", "data/unique_sid.txt", "--format", "csv",
                                        "--histories-format", "lines", "--threads", "1"]),
    Scenario("evaluate", with_models, ["evaluate", "one", "data", "--threads", "1"]),
    Scenario("export-events", with_events, ["export-events", "events.sqlite", "--out", "events.csv"], "events.csv"),
    Scenario("import-events", with_ratings, ["import-events", "ratings.csv", "--events", "events.sqlite", "--threads", "1"],
             "events.sqlite"),
    Scenario("import-events to old", with_events, ["import-events", "ratings.csv", "--events", "events.sqlite", "--threads", "1"],
             "events.sqlite"),
    Scenario("datasets make", lambda slot: None, ["datasets", "make", "--users", "50", "--items", "30", "--mean-interactions", "5",
                                                  "--out", "made.csv", "--threads", "1"], "made.csv"),
]


def unfinished_over(slot):
    trial = base / "trial-over"
    shutil.copytree(slot, trial)
    count = run(trial, [*TRAIN, "--overwrite"]).counts["rename"]
    shutil.rmtree(trial)
    run(slot, [*TRAIN, "--overwrite"], ("rename", count * 4 // 10, errno.EIO, True))
    if not (slot / "run/unfinished-run/checkpoint.safetensors").exists():
        sys.exit("no unfinished run is left")


class Service:
    """The service with kept events, while events are posted, asked for and deleted, and a model is loaded anew.

    Faults come before it listens or after. An event that was acknowledged is in the database; anything else is answered with 503, or 409
    for a model, and the service lives; where only one call failed, it keeps events again."""

    name = "serve"

    def make(self):
        self.template = base / "templates" / self.name
        self.template.mkdir(parents=True)
        (self.template / "tmp").mkdir()
        with_models(self.template)
        shutil.copy(self.template / "one/model.safetensors", self.template / "served.safetensors")
        slot = self.copy("whole")
        session = self.session(slot, None)
        if session.wrong or session.status != 0:
            sys.exit(f"serve: undisturbed: {session.wrong} {session.status} {session.errors}")
        self.counts = session.counts
        shutil.rmtree(slot)

    copy = Scenario.copy

    def faults(self, draw):
        all_faults = list(Scenario.faults(self, draw))
        return all_faults if len(all_faults) <= 150 else draw.sample(all_faults, 150)

    def examine(self, number, fault):
        slot = self.copy(number)
        try:
            session = self.session(slot, fault)
            kind = "FAULTY" if session.wrong else "refused" if session.status or session.refused else "ok"
            return kind, session.wrong, session
        finally:
            shutil.rmtree(slot, ignore_errors=True)

    def session(self, slot, fault):
        counts = slot.parent / (slot.name + ".counts")
        counts.write_bytes(bytes(8 * (len(KINDS) + 2)))
        log = slot.parent / (slot.name + ".log")
        arguments = [foldin, "serve", "served.safetensors", "--port", "0", "--events", "events.sqlite", "--threads", "1"]
        with open(log, "w") as errors:
            process = subprocess.Popen(
                arguments, cwd=slot, env=environment(slot, fault, counts), stdin=subprocess.DEVNULL, stdout=errors, stderr=errors)
        result = Outcome(0, b"", "", NO_COUNTS)
        result.wrong, result.refused = [], 0
        try:
            port = self.port(process, log)
            acknowledged = self.talk(slot, port, process, result, fault) if port else set()
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
            result.status = process.wait(30)
        except (OSError, http.client.HTTPException, subprocess.TimeoutExpired) as error:
            result.wrong.append(f"{type(error).__name__}: {error}")
            acknowledged = set()
        finally:
            if process.poll() is None:
                process.kill()
            process.wait()
        result.status = process.returncode
        result.errors = log.read_text(errors="replace")
        numbers = read_counts(counts)
        result.counts, (result.injected, result.doubled) = dict(zip(KINDS, numbers)), numbers[-2:]
        if result.doubled:
            result.wrong.append("a descriptor closed twice")
        if result.status not in {0} | STATUSES or (port and result.status != 0):
            result.wrong.append(f"status {result.status}")
        if MARKS.search(result.errors):
            result.wrong.append("a message that is not clear")
        if not port and len([l for l in result.errors.splitlines() if l.startswith("foldin: ")]) != 1:
            result.wrong.append("no message")
        if (slot / "events.sqlite").exists() and (slot / "events.sqlite").stat().st_size > 0:
            connection = sqlite3.connect(slot / "events.sqlite")
            try:
                if connection.execute("PRAGMA integrity_check").fetchall() != [("ok",)]:
                    result.wrong.append("a broken database")
                if acknowledged:
                    kept = set(connection.execute("SELECT user, item FROM event").fetchall())
                    if acknowledged - kept:
                        result.wrong.append(f"{len(acknowledged - kept)} acknowledged events are lost")
            finally:
                connection.close()
        elif acknowledged:
            result.wrong.append("acknowledged events, and no database")
        return result

    @staticmethod
    def port(process, log):
        for _ in range(1500):
            found = re.search(r'"message":"listening".*"port":"(\d+)"', log.read_text(errors="replace"))
            if found:
                return int(found[1])
            if process.poll() is not None:
                return None
            time.sleep(0.02)
        raise OSError("the service does not start")

    def talk(self, slot, port, process, result, fault):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        acknowledged = set()

        def ask(method, path, body, *right):
            connection.request(method, path, body and json.dumps(body), {"Content-Type": "application/json"})
            reply = connection.getresponse()
            text = reply.read()
            if reply.status not in right:
                result.wrong.append(f"{method} {path}: {reply.status} {text[:200]!r}")
            result.refused += reply.status >= 400
            return reply.status

        def post(user, number):
            events = [{"user": user, "item": f"i{number}"}, {"user": user, "item": f"j{number}"}]
            status = ask("POST", "/v1/events", {"events": events}, 201, 503)
            if status == 201:
                acknowledged.update((user, event["item"]) for event in events)
            return status

        for number in range(6):
            post("ann", number)
            post("bob", number)
        ask("GET", "/v1/users/ann/recommendations", None, 200, 503)
        shutil.copy(slot / "other/model.safetensors", slot / "fresh")
        os.rename(slot / "fresh", slot / "served.safetensors")
        # The service looks after its file too: the reload may find it loaded already.
        ask("POST", "/v1/models:reload", None, 200, 409)
        if ask("POST", "/v1/recommendations", {"history": ["i1"]}, 200) != 200:
            result.wrong.append("no recommendations")
        # Whether they are gone is known only where it was said.
        ask("DELETE", "/v1/users/bob", None, 200, 503)
        acknowledged -= {(user, item) for user, item in acknowledged if user == "bob"}
        if fault is None or not fault[3]:
            if not any(post("cleo", number) == 201 for number in range(3)):
                result.wrong.append("events are not kept again")
            if ask("POST", "/v1/models:reload", None, 200, 409) != 200 and ask("POST", "/v1/models:reload", None, 200) != 200:
                result.wrong.append("the model is not loaded again")
        if process.poll() is not None:
            result.wrong.append("the service died")
        connection.close()
        return acknowledged


def name_of(fault):
    call, number, error, lasting = fault
    text = "half" if error == SHORT else errno.errorcode[error]
    return f"{call} {number} {text}" + (" and all after" if lasting else "")


rows = []


def covers(scenario, faults):
    """Runs a scenario with all of `faults`, two at a time; adds a row to the table."""
    tallies = {"ok": 0, "refused": 0, "FAULTY": 0}
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        tasks = {pool.submit(scenario.examine, n, fault): fault for n, fault in enumerate(faults)}
        for task in concurrent.futures.as_completed(tasks):
            kind, wrong, outcome = task.result()
            tallies[kind] += 1
            if kind == "FAULTY" or options.list:
                text = outcome.errors.strip().splitlines()
                say(f"{kind} {scenario.name}: {name_of(tasks[task])}: {'; '.join(wrong)} [{outcome.status}] {' / '.join(text)[-400:]}")
    rows.append((scenario.name, sum(scenario.counts.values()), len(faults), tallies))


def chosen(name):
    return not options.only or any(word in name for word in options.only)


def main():
    subprocess.run(
        [os.environ.get("CC", "cc"), "-O2", "-shared", "-fPIC", "-o", str(shim), str(here / "faults.c")], check=True)
    draw = random.Random(options.seed)
    (base / "slots").mkdir()
    scenarios = [scenario for scenario in [*SCENARIOS, Service()] if chosen(scenario.name)]
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda scenario: scenario.make(), scenarios))
    faults = [(scenario, fault) for scenario in scenarios for fault in scenario.faults(draw)]
    if options.quick:
        faults = draw.sample(faults, min(200, len(faults)))
    for scenario in scenarios:
        own = [fault for of, fault in faults if of is scenario]
        if options.most and len(own) > options.most:
            own = draw.sample(own, options.most)
        if own:
            covers(scenario, own)
    faulty = sum(tallies["FAULTY"] for *_, tallies in rows)
    print(f"\n{'scenario':24} {'calls':>6} {'faults':>7} {'ok':>5} {'refused':>8} {'FAULTY':>7}")
    for name, calls, count, tallies in rows:
        print(f"{name:24} {calls:6} {count:7} {tallies['ok']:5} {tallies['refused']:8} {tallies['FAULTY']:7}")
    return 1 if faulty else 0


try:
    status = main()
finally:
    shutil.rmtree(base, ignore_errors=True)
sys.exit(status)
