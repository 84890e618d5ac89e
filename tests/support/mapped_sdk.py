"""The client of a mapped SDK, rendered alone, and what it gives."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.support.render import Answers, Renderer

Json = dict[str, Any]

RUN = Path(__file__).with_name("mapped_sdk_run.py").read_text(encoding="utf-8")


def read(renderer: Renderer, run: Callable[[Path, str, str], Any], root: Path, answers: Answers, **asked: Any) -> Json:
    """What a client of some answers gives of what is `asked`, as mapped_sdk_run.py has it, through a `run` of it.

    The package is written below `root`, into src.
    """
    files = renderer.files(answers, [name for name in renderer.names() if "/{{module_dir}}/" in name])
    package = next(path for path in files if path.endswith("/client.py")).split("/")[-2]
    for path, text in files.items():
        if path.startswith("src/"):
            place = root / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text, encoding="utf-8")
    what = root / "asked.json"
    what.write_text(json.dumps({"package": package, "type_name": answers["type_name"]} | asked), encoding="utf-8")
    found: Json = run(root / "src", RUN, str(what))
    return found
