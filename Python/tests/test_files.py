"""Parquet and Arrow files in the command, against the same rows as CSV."""

import glob
import json
import os
import shutil
import subprocess
import sys

import numpy as np
import pytest

pl = pytest.importorskip("polars")
FOLDIN = os.environ.get("FOLDIN_COMMAND")
pytestmark = pytest.mark.skipif(FOLDIN is None, reason="FOLDIN_COMMAND names the command")
# The environment's own programs: duckdb and python3.
PROGRAMS = os.path.dirname(sys.executable)
RANDOM = np.random.default_rng(3)
ROWS = 5_000
TABLE = pl.DataFrame(
    {
        "userId": RANDOM.integers(0, 300, ROWS), "sku": [f"item {n}, é" for n in RANDOM.integers(0, 90, ROWS)],
        "rating": RANDOM.integers(1, 11, ROWS) / 2, "shop": RANDOM.choice(["a", "b"], ROWS),
        "seconds": RANDOM.integers(800_000_000, 1_500_000_000, ROWS),
    }
).with_columns(timestamp=pl.from_epoch("seconds"), nested=pl.struct("userId", "rating"))  # fmt: skip
CSV = TABLE.with_columns(timestamp=pl.col("seconds")).drop("nested", "seconds")
TABLE = TABLE.drop("seconds")


def run(*arguments, path=None, status=0, **variables):
    environment = {**os.environ, "PATH": path or PROGRAMS + os.pathsep + os.environ["PATH"], **variables}
    done = subprocess.run([FOLDIN, *map(str, arguments)], env=environment, capture_output=True, text=True)
    assert done.returncode == status, done.stderr
    return done


def directory(folder):
    """The files of a prepared directory; its record names the source."""
    files = {name: (folder / name).read_bytes() for name in os.listdir(folder)}
    record = json.loads(files.pop("prepare.json"))
    return files, record["counts"], record["options"]


@pytest.fixture
def files(tmp_path):
    CSV.write_csv(tmp_path / "rows.csv")
    TABLE.write_parquet(tmp_path / "rows.parquet", row_group_size=1_000)
    TABLE.write_ipc(tmp_path / "rows.arrow")
    parts = tmp_path / "parts"
    (parts / "day=2").mkdir(parents=True)
    (parts / "_SUCCESS").touch()
    TABLE[:1_234].write_parquet(parts / "a.parquet")
    TABLE[1_234:].write_parquet(parts / "day=2" / "b's.parquet")
    return tmp_path


@pytest.mark.parametrize(
    "options",
    [
        [], ["--rating-above", 3.5, "--held-out-users", 30], ["--split", "temporal"], ["--keep", "shop=b"],
        ["--user-column", "USER_ID", "--item-column", "sku"], ["--item-column", "shop", "--min-user-interactions", 1],
    ],
)  # fmt: skip
@pytest.mark.parametrize("name", ["rows.parquet", "rows.arrow", "parts"])
def test_a_table_is_prepared_as_its_rows_in_csv(files, name, options):
    run("prepare", files / "rows.csv", "--out", files / "csv", *options)
    run("prepare", files / name, "--out", files / "table", *options)
    assert directory(files / "csv") == directory(files / "table")


def test_the_record_has_every_file_of_a_folder(files):
    run("prepare", files / "parts", "--out", files / "out")
    sources = json.loads((files / "out" / "prepare.json").read_text())["sources"]
    assert [(s["name"], s["format"]) for s in sources] == [("parts/a.parquet", "parquet"), ("parts/day=2/b's.parquet", "parquet")]


def test_lists_of_histories_are_written_as_tables(files):
    run("prepare", files / "rows.csv", "--out", files / "out")
    run("train", files / "out", "--model", "ease", "--out", files / "run")
    model = files / "run" / "model.safetensors"
    expected = run("recommend", model, "--histories", files / "rows.csv", "--format", "csv", "--top", 4).stdout
    TABLE.group_by("userId", maintain_order=True).agg(history="sku").write_parquet(files / "lists.parquet")
    for name in ("rows.csv", "rows.parquet", "rows.arrow", "parts", "lists.parquet"):
        assert run("recommend", model, "--histories", files / name, "--format", "csv", "--top", 4).stdout == expected, name
    run("recommend", model, "--histories", files / "rows.parquet", "--top", 4, "--out", files / "y.csv")
    assert (files / "y.csv").read_text() == expected
    run("recommend", model, "--histories", files / "rows.parquet", "--top", 4, "--out", files / "y.parquet")
    table = pl.read_parquet(files / "y.parquet")
    rows = pl.read_csv(files / "y.csv", schema_overrides={"score": pl.Float32})
    assert table.columns == rows.columns and table["user"].dtype == pl.Int64 and table["item"].dtype == pl.String
    assert table.drop("title").equals(rows.drop("title"))
    lines = run("recommend", model, "--histories", files / "rows.csv", "--format", "json-lines", "--top", 4).stdout
    run("recommend", model, "--histories", files / "rows.csv", "--top", 4, "--out", files / "y.jsonl")
    assert (files / "y.jsonl").read_text() == lines


def test_what_cannot_be_read_is_said(files, tmp_path):
    (files / "cut.parquet").write_bytes((files / "rows.parquet").read_bytes()[:5_000])
    failed = run("prepare", files / "cut.parquet", "--out", files / "no", status=65)
    assert "cut.parquet: found" in failed.stderr and "magic bytes" in failed.stderr
    TABLE.with_columns(userId=pl.when(pl.int_range(ROWS) == 41).then(None).otherwise("userId")).write_parquet(files / "null.parquet")
    assert "null.parquet:42: found" in run("prepare", files / "null.parquet", "--out", files / "no", status=65).stderr
    TABLE.select("nested").write_parquet(files / "nested.parquet")
    assert "without columns that can be read" in run("prepare", files / "nested.parquet", "--out", files / "no", status=65).stderr
    TABLE.write_ipc(files / "parts" / "c.arrow")
    assert "expected a folder of Parquet or of Arrow files" in run("prepare", files / "parts", "--out", files / "no", status=65).stderr
    empty = files / "programs"
    empty.mkdir()
    for name, missing in (("rows.parquet", "pip install duckdb-cli"), ("rows.arrow", "pip install duckdb pyarrow")):
        assert missing in run("prepare", files / name, "--out", files / "no", path=str(empty), status=66).stderr
    assert not (files / "no").exists()


def test_python_serves_where_the_command_is_missing(files):
    programs = files / "programs"
    programs.mkdir()
    run("prepare", files / "rows.parquet", "--out", files / "command")
    (programs / "python3").write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    (programs / "python3").chmod(0o755)
    run("prepare", files / "rows.parquet", "--out", files / "python", path=str(programs))
    assert directory(files / "command") == directory(files / "python")


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    """DuckDB's library: the one in its Python package, with Python's symbols, which are not used, from a library of zeros."""
    duckdb = glob.glob(os.path.join(os.path.dirname(pytest.importorskip("duckdb").__file__), "..", "_duckdb*.so"))
    if not duckdb or not shutil.which("gcc") or not shutil.which("nm"):
        pytest.skip("no DuckDB, gcc or nm")
    folder = tmp_path_factory.mktemp("stub")
    symbols = subprocess.run(["nm", "-D", "--undefined-only", duckdb[0]], capture_output=True, text=True, check=True).stdout.split()
    names = sorted({name.split("@")[0] for name in symbols if name.startswith(("Py", "_Py"))})
    (folder / "stub.c").write_text("".join(f"char {name}[64];\n" for name in names))
    subprocess.run(["gcc", "-shared", "-fPIC", "-w", "-o", folder / "stub.so", folder / "stub.c"], check=True)
    return {"LD_PRELOAD": str(folder / "stub.so"), "FOLDIN_LIBDUCKDB": duckdb[0], "path": "/usr/bin:/bin"}


@pytest.mark.parametrize(
    "options", [[], ["--rating-above", 3.5, "--threads", 3], ["--split", "temporal"], ["--repeats", "max"], ["--user-column", "sku", "--item-column", "userId"]]
)
@pytest.mark.parametrize("name", ["rows.parquet", "parts"])
def test_the_library_gives_the_same_rows(files, library, name, options):
    run("prepare", files / "rows.csv", "--out", files / "csv", *options)
    run("prepare", files / name, "--out", files / "table", *options, **library)
    assert directory(files / "csv") == directory(files / "table")


def test_the_library_reads_many_rows_in_parts(files, library):
    rows = 2_300_000
    table = pl.DataFrame(
        {
            "user_id": pl.Series(RANDOM.integers(0, 2**40, 5_000)).sample(rows, with_replacement=True, seed=1), "rating": RANDOM.random(rows).astype("f4"),
            "item_id": pl.Series([f"item number {n}" for n in range(300)] + ["x"]).sample(rows, with_replacement=True, seed=2),
        }
    )  # fmt: skip
    table.write_csv(files / "many.csv")
    table.write_parquet(files / "many.parquet")
    run("prepare", files / "many.csv", "--out", files / "csv", "--rating-above", 0.5)
    for threads in (1, 2, 3):
        run("prepare", files / "many.parquet", "--out", files / f"table{threads}", "--rating-above", 0.5, "--threads", threads, **library)
        assert directory(files / "csv") == directory(files / f"table{threads}")
    bad = table.with_columns(user_id=pl.when(pl.int_range(rows) == 2_000_000).then(None).otherwise("user_id"))
    bad.write_parquet(files / "bad.parquet")
    assert "bad.parquet:2000001: found nothing; expected a user id" in run("prepare", files / "bad.parquet", "--out", files / "no", status=65, **library).stderr


def test_the_library_alone_says_what_it_cannot_do(files, library):
    failed = run("prepare", files / "rows.parquet", "--keep", "shop=b", "--out", files / "no", status=66, **library)
    assert "with DuckDB's library alone" in failed.stderr
    (files / "cut.parquet").write_bytes((files / "rows.parquet").read_bytes()[:5_000])
    assert "magic bytes" in run("prepare", files / "cut.parquet", "--out", files / "no", status=65, **library).stderr


def test_an_output_is_whole_or_not_there(files):
    run("prepare", files / "rows.csv", "--out", files / "out")
    run("train", files / "out", "--model", "ease", "--out", files / "run")
    model = files / "run" / "model.safetensors"
    (files / "y.parquet").write_text("mine")
    broken = files / "programs"
    broken.mkdir()
    (broken / "duckdb").write_text("#!/bin/sh\nhead -c 100 > /dev/null\necho part\necho 'IO Error: disk full' >&2\nexit 1\n")
    (broken / "duckdb").chmod(0o755)
    failed = run(
        "recommend", model, "--histories", files / "rows.csv", "--out", files / "y.parquet", path=f"{broken}:/usr/bin:/bin", status=65)
    assert "IO Error: disk full" in failed.stderr and (files / "y.parquet").read_text() == "mine"
    assert not [name for name in os.listdir(files) if "tmp" in name or name.startswith(".")]
    assert "the model itself" in run("recommend", model, "--histories", files / "rows.csv", "--out", model, status=64).stderr
    assert "expected .parquet" in run("recommend", model, "--histories", files / "rows.csv", "--out", files / "y.xyz", status=64).stderr
