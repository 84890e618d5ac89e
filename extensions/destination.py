"""Refuses a destination that would take files elsewhere than into itself, or beside others with all but their name.

Copier looks at each path when its turn has come, and leaves what it has written until then. Here all paths are
looked at before the first one is written.
"""

from __future__ import annotations

from functools import cache
from itertools import takewhile
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from copier.errors import UserMessageError
from copier_template_extensions import ContextHook

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from jinja2 import Environment

TEMPLATE = Path(__file__).resolve().parent.parent / "template"


def fault(root: Path, paths: Iterable[PurePosixPath]) -> str:
    """Refuses paths below `root` that a link leads out of it, and a file that one differs from in its case only.

    Where both are there already, it is nothing that this template makes worse.
    """
    folders: dict[PurePosixPath, set[str]] = {}
    for path in paths:
        for part in (path, *path.parents[:-1]):
            folders.setdefault(part.parent, set()).add(part.name)
    inside = root.resolve()
    for folder, wanted in sorted(folders.items()):
        place = root / folder
        if not (place.exists() or place.is_symlink()):
            continue
        if not place.is_dir():
            return f"{place}: is no folder; move it away, or give another destination"
        if not place.resolve().is_relative_to(inside):
            return f"{place}: leads out of the destination; put a folder in its place, or give another destination"
        there = {one.name for one in place.iterdir()}
        folded = {name.casefold(): name for name in there}
        for name in sorted(wanted - there):
            if twin := folded.get(name.casefold()):
                return f"{place / twin}: differs from {name} in its case only; rename it, or give another destination"
    return ""


def paths(environment: Environment, context: dict[str, Any], sources: Sequence[PurePosixPath]) -> list[PurePosixPath]:
    """The paths that templates are rendered to, those that are left out left out.

    A part is rendered only where the ones before it are there, as Copier does: a folder that is left out may hold
    names that mean nothing without it.
    """

    @cache
    def rendered(part: str) -> str:
        return environment.from_string(part.removesuffix(".jinja")).render(context)

    names = (list(takewhile(bool, map(rendered, source.parts))) for source in sources)
    return [
        PurePosixPath(*parts) for source, parts in zip(sources, names, strict=True) if len(parts) == len(source.parts)
    ]


class DestinationExtension(ContextHook):
    """Looks at a destination once, before anything is written. Raises what Copier shows without a traceback."""

    def __init__(extension, environment: Environment) -> None:
        super().__init__(environment)
        extension.environment = environment
        extension.seen = False

    def hook(self, context: dict[str, Any]) -> None:
        if self.seen or context["_copier_phase"] != "render":
            return
        self.seen = True
        root = Path(context["_copier_conf"]["dst_path"])
        if not root.is_dir():
            return
        sources = [PurePosixPath(file.relative_to(TEMPLATE)) for file in TEMPLATE.rglob("*") if file.is_file()]
        if said := fault(root, paths(self.environment, context, sources)):
            raise UserMessageError(said)
