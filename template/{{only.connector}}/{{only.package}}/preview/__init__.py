"""Shows what a run would send, without an OpenMetadata server: `python -m preview`, or `preview(workflow)`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

Json = dict[str, Any]

ROOT = Path(__file__).parents[1]

# Fields that name what the tree has below an entity, and of which kind that is; without them it is below the service.
HELD = {"charts": "chart", "dataModels": "dashboardDataModel"}


class PreviewError(ValueError):
    """There is nothing to preview: a line that says why."""


@dataclass(frozen=True)
class Preview:
    """What a run of a workflow sends.

    Each of `entities` has `kind` (such as `table`), `name`, `fullName`, `parent` (its kind and full name, or nothing)
    and `fields`, as OpenMetadata has them: references are full names, the connection and samples are left out.
    `lineage` has pairs of full names. `filtered` names what the workflow's filters left out. `warnings` and `failures`
    have `name` and `error`. `limit` is how many records of each list were taken, 0 for all; warnings may come from it.
    """

    entities: list[Json]
    lineage: list[list[str]]
    filtered: list[str]
    warnings: list[Json]
    failures: list[Json]
    limit: int = 0

    @property
    def tree(self) -> list[Json]:
        """The outermost entities, each with `children`. What a dashboard names is below each that names it."""
        nodes = {(one["kind"], one["fullName"]): one | {"children": []} for one in self.entities}
        held = set()
        for node in nodes.values():
            keys = [(kind, name) for field, kind in HELD.items() for name in node["fields"].get(field) or ()]
            node["children"] += [nodes[key] for key in keys if key in nodes]
            held.update(keys)
        for key, node in nodes.items():
            if key not in held and tuple(node["parent"]) in nodes:
                nodes[tuple(node["parent"])]["children"].append(node)
        return [node for key, node in nodes.items() if key not in held and tuple(node["parent"]) not in nodes]

    @property
    def counts(self) -> dict[str, dict[str, int]]:
        """By kind: how many there are, and how many of them have a description, owners and tags."""
        found: dict[str, dict[str, int]] = {}
        for one in self.entities:
            count = found.setdefault(one["kind"], {"entities": 0, "description": 0, "owners": 0, "tags": 0})
            for key in count:
                count[key] += key == "entities" or bool(one["fields"].get(key))
        return found

    def as_json(self) -> Json:
        return asdict(self) | {"counts": self.counts}


def preview(workflow: Path | str, limit: int = 0, progress: Callable[[int], object] = lambda _: None) -> Preview:
    """Run a metadata workflow with this folder's connector; what it sends stays on this machine.

    `limit` is how many records of each list are taken, 0 for all. `progress` gets the number of entities so far.
    Raises PreviewError where the file is no workflow to preview. A run that fails is a Preview with `failures`.
    """
    if not Path(workflow).is_file():
        raise PreviewError(f"{workflow}: there is no such workflow")
    path = os.pathsep.join([*(str(ROOT / name) for name in ("", "src", "tests")), os.environ.get("PYTHONPATH", "")])
    command = [sys.executable, "-W", "ignore", "-m", "preview.run", str(workflow), str(limit)]
    environment = os.environ | {"PYTHONPATH": path.rstrip(os.pathsep)}
    said: Json = {}
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as log:
        with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=log, encoding="utf-8") as child:
            for line in child.stdout or ():
                said = json.loads(line)
                if "sent" in said:
                    progress(said["sent"])
        log.seek(0)
        last = log.read().strip().rpartition("\n")[2]
    if "entities" not in said:
        raise PreviewError(f"{workflow}: {said.get('unfit') or f'the run broke off: {last}'}")
    return Preview(**said, limit=limit)
