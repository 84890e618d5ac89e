"""What APIs call things, as catalog/words.yml has it: what `inspect` looks for, and what `probe` tries."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

from scaffold_connector import questions

Facts = dict[str, Any]


def plain(name: str) -> str:
    """A name as words.yml has it: small letters and digits, without signs."""
    return re.sub(r"[\W_]", "", name).lower()


def field(name: str) -> str:
    """A field of an answer as words.yml has it: what stands before a dot does not count, as in @odata.count."""
    return plain(name.rpartition(".")[2])


@cache
def read(file: Path | None = None) -> Facts:
    """The words, by the keys of the file."""
    import yaml

    text = (file or questions.root() / "catalog" / "words.yml").read_text(encoding="utf-8")
    found: Facts = yaml.load(text, Loader=yaml.CSafeLoader)
    return found
