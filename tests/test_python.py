"""Python source as ruff would write it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from extensions import python


def ruff(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "ruff", *arguments, "--no-cache", "."], cwd=folder, capture_output=True, text=True
    )


def test_imports_are_sorted_merged_and_wrapped_as_ruff_does(tmp_path: Path) -> None:
    block = """
    from mine.queries import B_SQL, A_SQL
    from metadata.b import make_it, Thing, CONSTANT
    from metadata.a import Long as Other
    from metadata.a import Long
    import time
    from __future__ import annotations
    import requests
    from metadata.b import another
    from metadata.generated.schema.entity.services.connections.database.customDatabaseConnection import A, B, Cccccc
    from collections.abc import Iterator
    """
    (tmp_path / "ruff.toml").write_text('line-length = 120\n[lint.isort]\nknown-first-party = ["mine"]\n')
    (tmp_path / "module.py").write_text(python.imports(block, "mine") + "\n")
    checked = ruff("check", "--select=I", folder=tmp_path)
    assert checked.returncode == 0, checked.stdout


def test_line_that_is_no_import_is_refused() -> None:
    with pytest.raises(ValueError, match="not an import: x = 1"):
        python.imports("import os\nx = 1", "mine")


@pytest.mark.parametrize(
    "text", ["", "a", "it's", 'say "a"', "both ' and \"", "back\\slash", "line\n\ttab\x07", "é😀\u200b"]
)
def test_string_literal_means_the_text_and_is_formatted(text: str, tmp_path: Path) -> None:
    literal = python.py_string(text)
    assert eval(literal) == text
    (tmp_path / "module.py").write_text(f"x = {literal}\n")
    assert ruff("format", "--check", folder=tmp_path).returncode == 0


@pytest.mark.parametrize("count", [0, 1, 3, 40])
def test_collections_are_formatted_at_any_length(count: int, tmp_path: Path) -> None:
    names = [f"name_{index}" for index in range(count)]
    union = python.py_union([name.title() for name in names] or ["int"], 4, 7)
    value = python.py_value({"x": names}, 0)
    source = f"a = {python.py_strings(names, '[]', 0, 4)}\nb = {value}\n\n\nclass C:\n    x: {union}\n"
    (tmp_path / "module.py").write_text(source)
    (tmp_path / "ruff.toml").write_text("line-length = 120\n")
    assert ruff("format", "--diff", folder=tmp_path).stdout == ""


@pytest.mark.parametrize("text", ["(", ")", "a, b", "x"])
def test_line_that_is_too_long_is_formatted_whatever_is_in_its_strings(text: str, tmp_path: Path) -> None:
    lines = [f'call("{text}", {name * 60}, {name * length})' for name in "ab" for length in (1, 45, 60)]
    (tmp_path / "module.py").write_text("".join(f"{python.fit(line)}\n" for line in lines))
    (tmp_path / "ruff.toml").write_text("line-length = 120\n")
    assert ruff("format", "--diff", folder=tmp_path).stdout == ""


@pytest.mark.parametrize(
    ("length", "lines"),
    [(101, 1), (102, 3), (104, 3), (105, 1)],
    ids=["fits", "too long by one", "just fits in parentheses", "fits nowhere"],
)
def test_value_that_cannot_be_broken_goes_on_a_line_of_its_own(length: int, lines: int) -> None:
    made = python.assignment(f'"{"x" * (length - 2)}"', "path", 12)
    assert len(made.splitlines()) == lines
