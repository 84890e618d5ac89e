"""What came of it: the connector, its files, and what the tasks said."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scaffold_connector.template import shown
from scaffold_connector.worker import SUMMARY

if TYPE_CHECKING:
    from copier._main import Worker


@dataclass
class Outcome:
    """What was made or updated. `files` are written, kept, in conflict or removed, by their paths below `root`.

    `summary` is what the template says of the connector. `faults` are of the check of what was written, `edited` and
    `by_hand` of making a checkout know the connector, `edits` what is to do in which file. `before` is the version of
    the template before an update, `orphans` are the files in conflict that the new version has no more.
    """

    update: bool
    root: Path
    summary: dict[str, Any]
    answers_file: str
    url: str
    commit: str | None
    before: str | None
    files: dict[str, list[str]]
    faults: list[str] = field(default_factory=list)
    edited: list[str] = field(default_factory=list)
    by_hand: list[str] = field(default_factory=list)
    edits: list[tuple[str, str]] = field(default_factory=list)
    orphans: list[str] = field(default_factory=list)


def outcome(
    worker: Worker,
    root: Path,
    answers_file: str,
    files: dict[str, list[str]],
    said: Mapping[str, list[str]],
    fault: str | None,
    before: str | None = None,
    orphans: list[str] | None = None,
) -> Outcome:
    """The outcome of a worker's work, which `said` lines on `out` and `err`, and ended with the fault of a task."""
    summary = _summary(worker)
    edited = [line for line in said["out"] if ": added " in line]
    others = [line for line in [*said["out"], *said["err"]] if "by hand" in line or ".patch: " in line]
    patches = [line.partition(": ")[0] for line in others if ".patch: " in line]
    files["written"] = sorted({*files["written"], *patches})
    return Outcome(
        update=worker.overwrite,
        root=root,
        summary=summary,
        answers_file=answers_file,
        url=shown(worker.template.url),
        commit=worker.template.commit,
        before=before,
        files=files,
        faults=(said["err"] or [fault]) if fault else [],
        edited=edited,
        by_hand=[] if fault else others,
        edits=[(file, todo) for file, todo in _edits(root / summary["context_file"]) if (root / file).exists()],
        orphans=orphans or [],
    )


def _summary(worker: Worker) -> dict[str, Any]:
    """What the template says of a connector."""
    from copier import Phase

    with Phase.use(Phase.RENDER):
        source = worker.jinja_env.get_template(SUMMARY)
        return json.loads(source.render(**worker._render_context()))


def _edits(context: Path) -> list[tuple[str, str]]:
    """What CONNECTOR_CONTEXT.md says is to do, by file: its table of files, without those to be left as they are."""
    try:
        text = context.read_text(encoding="utf-8")
    except OSError:
        return []
    rows = re.findall(r"^\| `([^`]+)` \| [^|]* \| ([^|]*) \|$", text, re.MULTILINE)
    return [(file, todo.strip()) for file, todo in rows if not todo.startswith("Nothing")]
