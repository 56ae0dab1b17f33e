"""The programs of the guide and of the package's page run."""

import os
import pathlib
import re

import pytest

PAGES = os.environ.get("FOLDIN_PAGES")


@pytest.mark.skipif(PAGES is None, reason="FOLDIN_PAGES is the folder of the pages")
@pytest.mark.parametrize("page", ["Python.md", "README.md"])
def test_the_programs_of_a_page_run(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    programs = re.findall(r"^```python\n(.*?)^```", (pathlib.Path(PAGES) / page).read_text(), re.DOTALL | re.MULTILINE)
    assert programs
    names = {}
    for program in programs:
        exec(compile(program, page, "exec"), names)
    assert (tmp_path / "model.safetensors").exists()
