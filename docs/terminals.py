"""Writes the pictures of terminals in `docs/assets/`: each is what a command really says.

python docs/terminals.py            write them all
python docs/terminals.py --check    write nothing; exit 1 and name the picture that is stale
"""

from __future__ import annotations

import contextlib
import io
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from docs.terminal import terminal  # noqa: E402
from scaffold_connector.__main__ import main  # noqa: E402

ASSETS = ROOT / "docs" / "assets"


def said(*words: str) -> list[str]:
    """The lines that the command says on stdout."""
    output = io.StringIO()
    with contextlib.redirect_stdout(output):
        if main(words):
            raise RuntimeError(f"scaffold-connector {' '.join(words)} failed")
    return output.getvalue().splitlines()


def inspect() -> Iterator[tuple[str, str]]:
    """A document that is inspected, and the answers file that is written."""
    shutil.copy(ASSETS / "bi.openapi.yaml", "bi.yaml")
    command = "scaffold-connector inspect bi.yaml"
    lines = said("inspect", "bi.yaml")
    yield "inspect.svg", terminal([f"\x1b[1m$ {command}\x1b[0m", *lines], command)
    file = "insight_boards.answers.yml"
    written = Path(file).read_text(encoding="utf-8").splitlines()
    yield "inspect-answers.svg", terminal(map(coloured, written), file)


def coloured(line: str) -> str:
    """A line of an answers file, its comment dim, and what is to check yellow."""
    if "# CHECK" in line:
        return f"\x1b[33m{line}\x1b[0m"
    return f"\x1b[2m{line}\x1b[0m" if line.lstrip().startswith("#") else line


# What gives pictures by their file names, run in a folder of its own.
PICTURES: list[Callable[[], Iterator[tuple[str, str]]]] = [inspect]


def pictures() -> dict[Path, str]:
    """Every picture by its place."""
    found = {}
    for make in PICTURES:
        with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
            found |= {ASSETS / name: text for name, text in make()}
    return found


if __name__ == "__main__":
    for path, text in pictures().items():
        if "--check" not in sys.argv:
            path.write_text(text, encoding="utf-8")
        elif not path.exists() or path.read_text(encoding="utf-8") != text:
            sys.exit(f"{path.relative_to(ROOT)} is stale: run python docs/terminals.py")
