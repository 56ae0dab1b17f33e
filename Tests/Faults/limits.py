"""Runs the command on full and read-only disks and within small limits, and prints what it says.

    python3 limits.py FOLDIN

FOLDIN is the built command. A run is right that ends with status 0, or with a documented status and one message. File systems are
mounted in a namespace of their own, which takes root; without it these runs are left out. Two things cannot be tested: memory that the
system refuses in the middle of work ends the process (Swift has no way to go on), and below some 400 MB of address space or a dozen
descriptors not even the libraries load. Such runs are printed as `ended by the system`. Standard library only; for Linux.
Exits with 1 when a run was not right.
"""

import os
import pathlib
import random
import re
import resource
import shutil
import subprocess
import sys
import tempfile

foldin = os.path.abspath(sys.argv[1])
base = pathlib.Path(os.path.realpath(tempfile.mkdtemp()))
MARKS = re.compile(r"Fatal error|Swift/|Thread \d|NSCocoa|NSPOSIX|Error Domain|SQLite error|fault of foldin|an error of the type")
STATUSES = {0, 64, 65, 66, 73, 74}
SMALL = ["--latent", "4", "--hidden", "8", "--batch-size", "20", "--epochs", "3", "--threads", "1"]
wrong = 0


def ratings(path, users, items, each):
    draw = random.Random(3)
    with open(path, "w") as file:
        file.write("userId,movieId,rating,timestamp\n")
        for user in range(users):
            for item in draw.sample(range(items), each):
                file.write(f"user-{user},item-{item},{draw.randint(1, 5)},{1_500_000_000 + user * 100 + item}\n")


def run(name, arguments, folder=base, may_end=False, mount=None, **limits):
    """Prints how the command ends. `mount` is a shell text run first, as root of a namespace; `limits` are resource limits by name."""
    global wrong
    if mount and os.geteuid() != 0:
        return print(f"{'left out':24} {name}: takes root")

    def limit():
        for limit_name, value in limits.items():
            resource.setrlimit(getattr(resource, "RLIMIT_" + limit_name), (value, value))

    command = [foldin, *arguments]
    if mount:
        command = ["unshare", "-m", "--propagation", "private", "sh", "-c", mount + '; exec "$0" "$@"', *command]
    environment = dict(os.environ, SWIFT_BACKTRACE="enable=no")
    if mount and "TMPDIR" in mount:
        environment["TMPDIR"] = str(base / "mounted")
    done = subprocess.run(
        command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace",
        preexec_fn=limit, timeout=300)
    messages = [line for line in done.stderr.splitlines() if line.startswith(("foldin: ", "Error: "))]
    said = messages[-1] if messages else (done.stderr.strip().splitlines() or [""])[-1]
    is_loading = "error while loading shared libraries" in done.stderr or done.returncode == 127
    right = done.returncode in STATUSES and not MARKS.search(done.stderr) and (done.returncode == 0) == (not messages)
    right = right and len(messages) <= 1
    verdict = f"ok {done.returncode}" if right else f"WRONG {done.returncode}"
    if not right and may_end and (done.returncode < 0 or is_loading):
        verdict = "ended by the system"
        right = True
    wrong += not right
    print(f"{verdict:24} {name}: {said[:260] if done.returncode else ''}", flush=True)
    return done


def clean(*names):
    for name in names:
        place = base / name
        if place.is_dir():
            shutil.rmtree(place)
        elif place.exists():
            place.unlink()


def main():
    ratings(base / "ratings.csv", 60, 25, 8)
    ratings(base / "large.csv", 6000, 400, 30)
    (base / "mounted").mkdir()
    (base / "sweep.toml").write_text("seeds = [1]\n[base]\nlatent = 4\nhidden = 8\nepochs = 2\nbatch-size = 20\n[[runs]]\n[[runs]]\nlatent = 3\n")
    prepare = ["prepare", "ratings.csv", "--held-out-users", "10", "--threads", "1", "--out"]
    subprocess.run([foldin, *prepare, "data"], cwd=base, check=True, capture_output=True)
    train = ["train", "data", *SMALL, "--out"]
    sweep = ["sweep", "sweep.toml", "--data", "data", "--parallel", "1", "--threads", "1", "--out"]
    commands = {
        "prepare": [*prepare, "new"], "train": [*train, "new"], "sweep": [*sweep, "new"],
        "import-events": ["import-events", "ratings.csv", "--events", "new"],
    }

    print("descriptors (ulimit -n)")
    for name, arguments in commands.items():
        for count in [*range(4, 20), 24, 32]:
            run(f"{name}, {count}", arguments, may_end=True, NOFILE=count)
            clean("new", "new-wal", "new-shm")

    print("\naddress space (ulimit -v)")
    for name, arguments in commands.items():
        for megabytes in [200, 300, 400, 600, 1000, 2000]:
            run(f"{name}, {megabytes} MB", arguments, may_end=True, AS=megabytes << 20)
            clean("new", "new-wal", "new-shm")
    run("train with 400 GB of weights", [*train, "new", "--hidden", "1000000000"])
    run("train with 5 GB of weights in 2 GB", [*train, "new", "--hidden", "4000000"], AS=2000 << 20)
    clean("new")

    print("\nsize of a file (ulimit -f)")
    for name, arguments in commands.items():
        for size in [0, 1, 100, 1000, 4096]:
            run(f"{name}, {size} bytes", arguments, FSIZE=size)
            clean("new", "new-wal", "new-shm")

    def over(size, options=""):
        return f"mount -t tmpfs -o size={size} tmpfs {base}/mounted{options}"

    print("\nfull disk")
    for name, arguments in commands.items():
        for size in ["4k", "16k", "64k", "128k"]:
            run(f"{name}, {size}", [*arguments[:-1], "mounted/new"], mount=over(size))

    print("\nread-only disk")
    for name, arguments in commands.items():
        run(name, [*arguments[:-1], "mounted/new"], mount=over("1m", f" && mount -o remount,ro {base}/mounted"))

    print("\nfull folder for temporary files")
    for size in ["4k", "64k"]:
        run(
            f"import-events of 180,000 rows, {size}", ["import-events", "large.csv", "--events", "new"],
            mount=f"TMPDIR=x; {over(size)}")
        clean("new", "new-wal", "new-shm")

    print("\nstandard output")
    for name, arguments in commands.items():
        for output in ["/dev/full", "&-"]:
            done = subprocess.run(
                ["sh", "-c", f'exec "$0" "$@" >{output}', foldin, *arguments], cwd=base, capture_output=True, text=True)
            messages = [line for line in done.stderr.splitlines() if line.startswith("foldin: ")]
            global wrong
            right = done.returncode == 74 and len(messages) == 1
            wrong += not right
            print(f"{'ok' if right else 'WRONG'} {done.returncode:<20} {name} >{output}: {' / '.join(messages)}")
            clean("new", "new-wal", "new-shm")
    return 1 if wrong else 0


try:
    status = main()
finally:
    shutil.rmtree(base, ignore_errors=True)
sys.exit(status)
