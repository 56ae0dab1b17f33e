#!/usr/bin/env python3
"""Runs every command of the shell blocks in README.md, Documentation/*.md and the articles of DocC, on small data, in a temporary folder.

    FOLDIN=.build/release/foldin Scripts/run-documented-commands.py [PAGE...]     (default: all pages)
    Scripts/run-documented-commands.py --fixtures DIR                             (only makes the files that the pages name)

A shell block is indented, or fenced with the language sh or console (there only what follows "$ " is a command). An indented block that is
not shell gets a fence and a language. Each page has a folder of its own with the files that the pages name, made from MovieLens 100K.
A command is run after the substitutions of SMALLER. One that cannot be run here is in NOT_RUN with its reason; then the options of every
`foldin` in it are compared with `foldin ... --help`, and so is every `foldin` in the text between backquotes. A command that ends with another
status than 0 fails the check, or than N after <!-- fails: N -->.
"""

import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

from documentation import ROOT, blocks, prose, reader_pages

FOLDIN = Path(os.environ.get("FOLDIN") or ROOT / ".build/release/foldin").resolve()
TRAINED = r"foldin train(?: [^|;&\s]+)+"  # a whole command of foldin train, up to the end of its part of the line

# (regular expression, replacement, why): applied to each command in this order.
SMALLER = [
    (r"\s+#\s.*$", "", "a comment"),
    (r"--epochs \d+", "--epochs 1", "a training takes one epoch"),
    (rf"({TRAINED})", lambda m: m[1] if "--epochs" in m[1] or re.search("popularity|item-knn|chebycf|ials|mrf|ease|edlae", m[1]) else m[1] + " --epochs 1",
     "a training takes one epoch"),
    (r'(preset = "fast")', r"\1\nepochs = 1", "so do the trainings of a sweep"),
    (r"(foldin compare [^|;&]*)", r"\1 --no-search", "no search over grids"),
    (r"(foldin compare (?:(?!--models)[^|;&])*$)", r"\1 --models popularity,ease", "networks have no option for fewer epochs there"),
    (r"(foldin compare .*)--seeds \d+", r"\1--seeds 1", "the same"),
    (r"--models [\w,-]+", "--models popularity,ease", "networks have no option for fewer epochs there"),
    (r"--held-out-users \d{3,}", "--held-out-users 80", "MovieLens 100K has 943 users"),
    (r"--users \d{4,}", "--users 1500", "a small matrix"),
    (r"--items \d{4,}", "--items 400", "a small matrix"),
    (r"--mean-interactions \d+", "--mean-interactions 20", "a small matrix"),
    (r"--batch-size \d+ --items", "--items", "a small matrix"),
    (r"/usr/bin/time -v ", "", "not installed everywhere"),
    (r"\b(localhost|127\.0\.0\.1):8080\b", r"\1:{port}", "another service may use 8080"),
    (r"^(foldin serve .*)$", r"\1 --port {port}", "another service may use 8080"),
    (r"--host 0\.0\.0\.0", "--host 127.0.0.1", "not reachable from outside"),
    (r"(curl .*models:rollback)", r"sleep 4; \1", "the service finds a new model within two seconds"),
    (r"\bcurl ", "curl --fail --silent --show-error ", "a refusal is a failure"),
    (r"python3 Examples/", "python3 {root}/Examples/", "run in a temporary folder"),
    (r"\bExperiments/(small)\.toml", r"\1.toml", "a copy with one epoch per training"),
    (r"\bExperiments/([\w-]+\.toml)", r"{root}/Experiments/\1", "run in a temporary folder"),
    (r"(gnuplot .*)Documentation/Pictures/(\w+\.gp) > \S+", r"\1{root}/Documentation/Pictures/\2 > picture.svg", "run in a temporary folder"),
    (r"\bRUN\b", "run", "a placeholder"),
    (r"\bDIR\b", "data", "a placeholder"),
    (r"\bfoldin_…", "{key}", "a placeholder"),
]
NO_BFLOAT16 = (r"--precision bf16", "--precision fp32", "this processor has no AVX512_BF16")

# (regular expression, reason): found in a command, it is not run. Files of the repository that it names must exist.
NOT_RUN = [
    (r"^sudo |\bsystemctl |\bapt(-get)? |^podman |^docker |^kubectl |man foldin|\bxargs rm\b|/usr/local|~/\.config", "changes the system"),
    (r"^make\b|^swift |^git clone|^bash \.ci/run|Scripts/(docs|release|test-release|run-snippet|sanitize|test|install-needs|demo)\.sh", "builds or installs"),
    (r"^(FOLDIN_PYTHON=\S+ )?Benchmarks/|FoldinBenchmarks", "takes long and needs PyTorch, pandas or wrk"),
    (r"Benchmarks/\w+\.py|import torch|--tensor-names|\bm\.safetensors", "needs PyTorch or weights of another program"),
    (r"^(python3 )?(Tests|Fuzz)/|schemathesis|killed-runs|kill-overwrite", "takes long and needs wrk, Chromium or libFuzzer"),
    (r"^tensorboard ", "needs TensorBoard"),
    (r"\bduckdb |\.parquet\b|clicks/", "needs duckdb"),
    (r"sha256sum|^tar |foldin_VERSION|\.deb\b|\.whl\b|recommend\.c\b", "needs the files of a release"),
    (r"foldin datasets fetch (ml-(100k|25m|32m)|amazon)|^curl .*https://|^wget ", "needs a network"),
    (r"recommend\.example\.org", "an example's host"),
    (r"Experiments/(movielens-20m|amazon-movies-tv)\.toml|\barticle-20m\b", "hours"),
]
WITHOUT_TLS = "needs a build with the package trait TLS"


def sh(command, folder, **options):
    return subprocess.run(
        ["bash", "-eo", "pipefail", "-c", command], cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300, **options)


# MARK: the files that the pages name


def fixtures(place):
    """Makes the files and folders that documented commands read. The ids that the pages name are those of the most liked items."""
    place.mkdir(parents=True, exist_ok=True)
    data = ROOT / ".foldin/data"
    found = sh(f"Scripts/demo-data.sh {FOLDIN} {data} ml-100k || Scripts/demo-data.sh {FOLDIN} {data} synthetic", ROOT)
    if found.returncode:
        sys.exit(found.stderr)
    _, ratings, titles, _ = found.stdout.split("\n")[-5:-1]
    rows, count = [], {}
    for line in Path(ratings).read_text().splitlines()[1:]:
        user, item, rating, *when = re.split(r"[\t,]", line)
        rows.append((user, item, float(rating), when[0] if when else "978300760"))
        if float(rating) > 3.5:
            count[item] = count.get(item, 0) + 1
    popular = sorted(count, key=lambda item: (-count[item], item))
    wanted = "260 1196 1198 2571 541 1210 1240 589 593 296 318 1 2 3 1097 1197 858 50".split()
    new = dict(zip(popular, wanted))
    for _, item, _, _ in rows:
        new.setdefault(item, str(3000 + len(new)))
    rows = [(user, new[item], rating, when) for user, item, rating, when in rows]
    names = {item: f"Item {item}" for item in new.values()}
    if titles:
        for line in Path(titles).read_text(encoding="iso-8859-1").splitlines()[1:]:
            item, name, year, *_ = line.split("\t")
            if item in new:
                names[new[item]] = f"{name} ({year})"

    def write(name, lines):
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_text("".join(line + "\n" for line in lines))

    write("ratings.csv", ["userId,movieId,rating,timestamp"] + [f"{u},{i},{r},{t}" for u, i, r, t in rows])
    write("ml-1m/ratings.dat", [f"{u}::{i}::{r:.0f}::{t}" for u, i, r, t in rows])
    write("ml-1m/movies.dat", [f"{i}::{n}::Drama" for i, n in names.items()])
    write("ratings.dat", [f"{u}::{i}::{r:.0f}::{t}" for u, i, r, t in rows])
    write("movies.csv", ["movieId,title,genres"] + [f'{i},"{n}",' for i, n in names.items()])
    write("movies.dat", [f"{i}::{n}::Drama" for i, n in names.items()])
    write("datasets/ml-1m/ratings.csv", ["userId,movieId,rating"] + [f"{u},{i},{r:.0f}" for u, i, r, _ in rows])
    write("datasets/ml-1m/movies.dat", [f"{i}::{n}::Drama" for i, n in names.items()])
    write("ml-20m/ratings.csv", (place / "ratings.csv").read_text().splitlines())
    write("ml-20m/movies.csv", (place / "movies.csv").read_text().splitlines())
    shutil.copytree(place / "ml-20m", place / "datasets/ml-20m")
    lists = {}
    for user, item, rating, _ in rows:
        if rating > 3.5:
            lists.setdefault(user, []).append(item)
    long = {user: items for user, items in lists.items() if len(items) > 4}
    write("train.txt", [f"{u} {' '.join(items[len(items) // 5:])}" for u, items in long.items()])
    write("test.txt", [f"{u} {' '.join(items[: len(items) // 5])}" for u, items in long.items()])
    write("datasets/gowalla/train.txt", (place / "train.txt").read_text().splitlines())
    write("datasets/gowalla/test.txt", (place / "test.txt").read_text().splitlines())
    write("kunden.csv", ["Kunde;Artikel;Bewertung"] + [f"{u};{i};{r:.1f}".replace(".", ",") for u, i, r, _ in rows])
    write("events.csv", ["visitorid,itemid,event,timestamp"] + [
        f"{u},{i},{'transaction' if r > 3.5 else 'view'},{t}000" for u, i, r, t in rows])
    write("clicks.jsonl", [f'{{"user": {{"id": "{u}"}}, "item": "{i}", "event": "{"buy" if r > 3.5 else "view"}"}}' for u, i, r, _ in rows])
    write("review.json", [f'{{"user_id": "{u}", "business_id": "{i}", "stars": {r}}}' for u, i, r, _ in rows])
    write("2023.csv", ["userId,movieId,rating"] + [f"{u},{i},{r}" for u, i, r, _ in rows[::2]])
    write("2024.csv", ["userId,movieId,rating"] + [f"{u},{i},{r}" for u, i, r, _ in rows[1::2]])
    write("blanks.txt", [f"{u} {i} {r}" for u, i, r, _ in rows])
    write("people.csv", ["customer_id,sku"] + [f"{u},{i}" for u, items in list(long.items())[:20] for i in items[:5]])
    write("stock.txt", list(names)[::2])
    write("small.toml", re.sub("epochs = .*", "epochs = 1", (ROOT / "Experiments/small.toml").read_text()).splitlines())
    write("widths.toml", ["[base]", "epochs = 1", "[grid]", "hidden = [100, 200]"])
    write("options.toml", ['preset = "fast"', "epochs = 1"])
    (place / "file.toml").write_text((place / "options.toml").read_text())
    made = sh(
        f"""PATH={FOLDIN.parent}:$PATH
        foldin prepare ratings.csv --titles movies.csv --rating-above 3.5 --held-out-users 80 --out data
        cp -r data prepared; cp -r data made; cp -r prepared data/ml-1m
        foldin prepare train.txt --split given --test test.txt --validation-items 0 --out gowalla
        foldin train data --epochs 1 --out run
        for copy in vae other yesterday; do cp -r run $copy; done
        foldin train data --model edlae --out edlae
        foldin sweep widths.toml --data data --out out; cp -r out sweep
        mkdir sweeps; cp -r out sweeps/small
        openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=localhost -days 2 -keyout privkey.pem -out fullchain.pem
        chmod 600 privkey.pem
        foldin import-events ratings.csv --events events.sqlite""", place)
    if made.returncode:
        sys.exit(f"the files that the pages name: {made.stderr}")


# MARK: commands


def here_document(line):
    """The word that ends the here-document which begins in a line, or None."""
    found = re.search(r"<< *'?(\w+)'?", line)
    return found[1] if found else None


def commands(block):
    """The commands of a block with their lines; a command may have several lines."""
    lines = [(block.line + index, line) for index, line in enumerate(block.lines)]
    if block.language == "console":
        shown, continued, word = [], False, None
        for number, line in lines:
            if line.startswith("$ ") or continued or word:
                shown.append((number, line if continued or word else line.removeprefix("$ ")))
                word = None if line == word else word or here_document(line)
                continued = line.endswith("\\")
        lines = shown
    pending, first = "", 0
    for number, line in lines:
        if not pending and (not line.strip() or line.lstrip().startswith("#")):
            continue
        pending, first = (pending + "\n" + line, first) if pending else (line, number)
        word = here_document(pending)
        if pending.endswith("\\") or word and line != word or subprocess.run(["bash", "-n", "-c", pending], capture_output=True).returncode:
            continue
        yield first, re.sub(r"\\\n\s*", "", pending)
        pending = ""
    if pending:
        yield first, pending


class Help:
    """The options of subcommands, by `foldin SUBCOMMAND --help`."""

    texts = {}

    @classmethod
    def options(cls, words):
        if words not in cls.texts:
            answer = subprocess.run([FOLDIN, *words, "--help"], capture_output=True, text=True)
            cls.texts[words] = set(re.findall(r"--[a-z][\w-]*", answer.stdout)) if answer.returncode == 0 else None
        return cls.texts[words]

    @classmethod
    def faults(cls, command):
        """Subcommands and options of every foldin in a command that its help does not have."""
        command = re.sub(r"\s#\s.*", "", command)
        for call in re.findall(r"(?:^|[|;&(]\s*|\bdo |\bsudo |-v |/)foldin ([^|;&)\n]*)", command, re.M):
            words = re.findall(r"'[^']*'|\S+", call)
            subcommand = tuple(word for word in words[:2] if re.fullmatch(r"[a-z][a-z-]*", word))
            if not subcommand or not words[0][0].isalpha():
                continue
            if subcommand[0] not in ("bench", "datasets"):
                subcommand = subcommand[:1]
            known = cls.options(subcommand)
            if known is None:
                yield f"found no subcommand {' '.join(subcommand)}"
                continue
            for option in re.findall(r"(?<!\S)(--[a-z][\w-]*)", call):
                if option not in known and option not in ("--help", "--version"):
                    yield f"foldin {' '.join(subcommand)} has no option {option}"


class Page:
    """Runs the commands of one page in order in its folder."""

    def __init__(self, page, template, place):
        self.page, self.template, self.place = page, template, place
        shutil.copytree(template, place)
        self.first = {path.name for path in place.iterdir()}
        self.server, self.port, self.key = None, 0, ""
        self.variables = ""
        self.environment = dict(os.environ, PATH=f"{FOLDIN.parent}:{os.environ['PATH']}", FOLDIN_DATASETS=str(place / "datasets"))

    def smaller(self, command):
        for pattern, replacement, _ in SMALLER + ([] if BFLOAT16 else [NO_BFLOAT16]):
            command = re.sub(pattern, replacement, command, flags=re.M)
        if "{port}" in command and (not self.server or command.startswith("foldin serve")):
            self.stop()
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", 0))
                self.port = probe.getsockname()[1]
            if not command.startswith("foldin serve"):  # a client before its service: the plain one
                self.serve(f"foldin serve run/model.safetensors --events events.sqlite --port {self.port}")
        return command.replace("{port}", str(self.port)).replace("{root}", str(ROOT)).replace("{key}", self.key)

    def run(self, command, expected):
        """Runs a command; returns what failed, or None."""
        if command.startswith("foldin serve"):
            return self.serve(command)
        # An output that is there from the files that pages name is replaced by that of the page.
        for output in re.findall(r"--out (\S+)", command):
            if output in self.first and not re.search("--resume|foldin sweep|foldin datasets fetch", command):
                shutil.rmtree(self.place / output) if (self.place / output).is_dir() else (self.place / output).unlink()
                self.first.discard(output)
        names = re.findall(r"^(\w+)=", command)
        keep = "".join(f"\ndeclare -p {name} > .variables" for name in names)
        try:
            done = sh(self.variables + command + keep, self.place, env=self.environment)
        except subprocess.TimeoutExpired:
            return "ran for more than 300 s"
        if names:
            self.variables += (self.place / ".variables").read_text() if (self.place / ".variables").exists() else ""
        key = re.search(r"\bfoldin_[\w-]{20,}", done.stderr)
        self.key = key[0] if key else self.key
        if done.returncode != expected:
            return f"status {done.returncode}, expected {expected}\n{done.stderr[-1500:]}{done.stdout[-300:]}"
        return None

    def serve(self, command):
        self.stop()
        if not re.search(r"--port", command):
            return "found no port"
        log = open(self.place / "serve.log", "w+")
        self.server = subprocess.Popen(
            shlex.split(command.replace("&", "")), cwd=self.place, env=self.environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        scheme = "https" if "--tls-certificate" in command else "http"
        import ssl
        for _ in range(200):
            if self.server.poll() is not None:
                log.seek(0)
                status, self.server = self.server.returncode, None
                return f"the service ended with status {status}\n{log.read()[-1500:]}"
            try:
                context = ssl._create_unverified_context() if scheme == "https" else None
                urllib.request.urlopen(f"{scheme}://127.0.0.1:{self.port}/health/ready", timeout=2, context=context)
                return None
            except OSError:
                time.sleep(0.1)
        return "the service did not become ready in 20 s"

    def stop(self):
        if self.server:
            self.server.terminate()
            self.server.wait(60)
        self.server = None


def missing_files(command):
    """Files of the repository that a command which is not run names and that do not exist."""
    for name in re.findall(r"(?<![\w/.$])((?:Scripts|Benchmarks|Tests|Fuzz|Examples|Experiments|Documentation)/[\w./-]*\w)", command):
        if not (ROOT / name).exists() and ".build" not in name:
            yield f"found no {name}"
    for target in re.findall(r"^make ([a-z]+)", command):
        if not re.search(rf"^{target}:", (ROOT / "Makefile").read_text(), re.M):
            yield f"the Makefile has no target {target}"


if not FOLDIN.is_file():
    sys.exit(f"found no {FOLDIN}; expected the built command, or its path in FOLDIN")
BFLOAT16 = "BF16 yes" in subprocess.run([FOLDIN, "doctor"], capture_output=True, text=True).stdout

if sys.argv[1:2] == ["--fixtures"]:
    fixtures(Path(sys.argv[2]).resolve())
    sys.exit()

chosen = [Path(name).resolve() for name in sys.argv[1:]] or reader_pages()
ran = by_help = inline = failures = 0
reasons = {}


def fail(place, command, text):
    global failures
    failures += 1
    print(f"{place}: {command}\n    " + text.strip().replace("\n", "\n    "), file=sys.stderr)


with tempfile.TemporaryDirectory(prefix="foldin-documented-") as work:
    work = Path(work)
    fixtures(work / "template")
    for number, path in enumerate(chosen):
        page = Page(path, work / "template", work / str(number))
        name = path.relative_to(ROOT) if path.is_relative_to(ROOT) else path
        try:
            for block in blocks(path):
                if block.language not in ("", "sh", "console"):
                    continue
                if block.fenced and not block.language:
                    fail(block.place, "```", "found a fence without a language; expected sh, console, text, ...")
                    continue
                listed = list(commands(block))
                for index, (line, command) in enumerate(listed):
                    expected = int(block.fails) if block.fails and index == len(listed) - 1 else 0
                    reason = next((why for pattern, why in NOT_RUN if re.search(pattern, command)), None)
                    if reason:
                        by_help += 1
                        reasons[reason] = reasons.get(reason, 0) + 1
                        for wrong in [*Help.faults(command), *missing_files(command)]:
                            fail(f"{name}:{line}", command, wrong)
                        continue
                    ran += 1
                    smaller = page.smaller(command)
                    wrong = page.run(smaller, expected)
                    if wrong and "without TLS" in wrong and "--tls-certificate" in command:  # `make build` leaves it out, CI does not
                        ran, by_help = ran - 1, by_help + 1
                        reasons[WITHOUT_TLS] = reasons.get(WITHOUT_TLS, 0) + 1
                    elif wrong:
                        fail(f"{name}:{line}", command, f"ran: {smaller}\n{wrong}")
        finally:
            page.stop()
        for line, text in prose(path):
            for code in re.findall(r"`(foldin [^`]+)`", text):
                inline += 1
                for wrong in Help.faults(code):
                    fail(f"{name}:{line}", code, wrong)
        shutil.rmtree(work / str(number))

print(f"documented commands: {ran} run, {by_help} checked by help only, {inline} in the text checked by help, {failures} failures")
for reason, count in sorted(reasons.items(), key=lambda pair: -pair[1]):
    print(f"  not run: {count:3}  {reason}")
sys.exit(1 if failures else 0)
