"""What the template asks, as far as flags need it: the question files, read without Copier."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent


@dataclass(frozen=True)
class Question:
    """One question: `topic` is its file, `several` whether it takes a list."""

    name: str
    help: str
    topic: str
    several: bool

    @property
    def flag(self) -> str:
        return flag(self.name)


def flag(name: str) -> str:
    """The flag of a question."""
    return "--" + name.replace("_", "-")


def root() -> Path:
    """The folder with copier.yml: a copy in the wheel, in a checkout the repository itself."""
    carried = HERE / "carried"
    return carried if carried.is_dir() else HERE.parent


def load(folder: Path | None = None) -> list[Question]:
    """The questions in the order in which they are asked."""
    import yaml

    folder = folder or root()
    SafeLoader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    files = re.findall(r"^!include (\S+)$", (folder / "copier.yml").read_text(encoding="utf-8"), re.MULTILINE)
    return [
        _question(name, facts, Path(file).stem)
        for file in files
        for name, facts in yaml.load((folder / file).read_text(encoding="utf-8"), Loader=SafeLoader).items()
    ]


def _question(name: str, facts: dict[str, Any], topic: str) -> Question:
    # What a help text says under a condition needs answers that are not there yet.
    text = re.sub(r"\s*\{%.*%\}", "", facts["help"], flags=re.DOTALL)
    return Question(name, " ".join(text.split()), topic, facts.get("multiselect", False))
