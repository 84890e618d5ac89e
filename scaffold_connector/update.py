"""Updates a connector to what the template has new."""

from __future__ import annotations

import os
import re
import subprocess
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scaffold_connector import template
from scaffold_connector.answers import Answers
from scaffold_connector.arguments import Request, Wrong
from scaffold_connector.make import Stage, checkout, folder
from scaffold_connector.outcome import Outcome, outcome
from scaffold_connector.worker import Failed, captured, fetch, give, need_git, run, worker

if TYPE_CHECKING:
    from copier._main import Worker

_CONFLICTS = ("DD", "AU", "UD", "UA", "DU", "AA", "UU")


@dataclass
class _Connector:
    """The connector that is meant: its folder, and its answers file there."""

    root: Path
    answers_file: str


def update(request: Request, given: Answers, stage: Stage) -> Outcome:
    """Update a connector; answers that are given replace those it has. Raises `Wrong` or `Failed`."""
    need_git()
    connector = _find(request, given)
    root = connector.root
    options: dict[str, Any] = {
        "dst_path": root,
        "answers_file": Path(connector.answers_file),
        "overwrite": True,
        "defaults": True,
    }
    files: dict[str, str] = {}
    with ExitStack() as stack:
        updater = stack.enter_context(worker(files, root, vcs_ref=request.ref, **options))
        made = updater.subproject.last_answers
        if not made.get("_src_path"):
            raise Failed(f"{root / connector.answers_file}: does not say which template it was made from")
        url = str(made["_src_path"])
        _trust(url, request)
        _clean(root)
        with stage("Fetching the template"):
            fetch(updater, url)
            if not request.ref and _is_ahead(updater, url):
                updater = stack.enter_context(worker(files, root, vcs_ref="HEAD", **options))
                fetch(updater, url)
        with stage("Checking the answers"):
            if "name" in given.values and given.values.pop("name") != made.get("name"):
                raise Wrong(f"{given.places['name']}: {connector.answers_file} is of {made.get('name')}, which stays")
            give(updater, given)
        with stage("Updating, and checking the files"), captured() as said:
            fault = run(updater.run_update)
        changed = _changes(root)
        changed["kept"] = sorted(set(files) - {file for found in changed.values() for file in found})
        commit = str(made.get("_commit") or "") or None
        return outcome(updater, root, connector.answers_file, changed, said, fault, commit)


def _is_ahead(updater: Worker, url: str) -> bool:
    """Whether the connector was made from a commit after the newest release: it goes on with the commits."""
    from plumbum import ProcessExecutionError

    before = updater.subproject.template
    try:
        made, newest = before and before.version, updater.template.version
    except (ProcessExecutionError, ValueError) as error:
        raise Failed(f"{url}: has no {before and before.ref} any more, which the connector was made from") from error
    return bool(made and newest and made > newest)


def _find(request: Request, given: Answers) -> _Connector:
    """The connector that is meant. Raises `Failed` where it is not there, `Wrong` where it is not said which."""
    dest = Path(request.dest) if request.dest else None
    if request.file and re.fullmatch(r"\.copier-answers(\..+)?\.yml", Path(request.file).name):
        # The answers that it has, not new ones.
        kept = {name: place for name, place in given.places.items() if name in request.answers}
        given.values = {name: given.values[name] for name in kept}
        given.places = kept
        return _Connector(dest or Path(request.file).parent, Path(request.file).name)
    places = [dest] if dest else list(dict.fromkeys(filter(None, [checkout(), Path.cwd()])))
    found: dict[str, _Connector] = {}
    for root in places:
        for file in sorted(root.glob(".copier-answers*.yml")):
            found.setdefault(_name_in(file), _Connector(root, file.name))
    name = given.values.get("name")
    if name:
        beside = folder(str(name))
        if name not in found and not dest and (beside / ".copier-answers.yml").is_file():
            return _Connector(beside, ".copier-answers.yml")
        if name in found:
            return found[name]
        there = f"; there is {', '.join(sorted(found))}" if found else ""
        raise Failed(f"{places[0]}: has no answers file of {name}{there}")
    if len(found) > 1:
        raise Wrong(f"give --name: there are {', '.join(sorted(found))}")
    if not found:
        raise Failed(f"{places[0]}: has no answers file of a connector; give --dest, or --name")
    return next(iter(found.values()))


def _name_in(file: Path) -> str:
    """The connector's name in an answers file of Copier's; empty where it can't be read."""
    import yaml

    try:
        return str(yaml.safe_load(file.read_text(encoding="utf-8-sig"))["name"])
    except (OSError, ValueError, yaml.YAMLError, KeyError, TypeError):
        return ""


def _trust(url: str, request: Request) -> None:
    """Raises `Failed` for a template that is not the command's own, nor named, nor one that Copier is set to trust.

    An answers file comes with a repository, and names a template whose code will run.
    """
    from copier import load_settings
    from copier._settings import is_trusted_repository
    from copier._vcs import get_repo

    try:
        known = request.template or template.origin().url
    except template.Unknown:
        known = ""
    named = [(get_repo(each) or each).rstrip("/").removesuffix(".git") for each in (url, known)]
    if named[0] != named[1] and not is_trusted_repository(load_settings().trust, url):
        raise Failed(
            f"the connector was made from {url}, which is not the template of this command: "
            f"give --template {url} to run its code"
        )


def _clean(root: Path) -> None:
    """Raises `Failed` where Git could not take the update back."""
    if not root.is_dir():
        raise Failed(f"{root}: is no folder")
    status = _git(root, "status", "--porcelain", "--", ".")
    if status is None:
        raise Failed(f"{root}: is in no Git repository; commit what was made, an update starts from there")
    if status:
        raise Failed(f"{root}: has changes that are not committed; commit or stash them first")


def _changes(root: Path) -> dict[str, list[str]]:
    """What changed in a work tree that was clean, by what became of each file."""
    top = Path((_git(root, "rev-parse", "--show-toplevel") or "").strip())
    states: dict[str, list[str]] = {"written": [], "kept": [], "conflict": [], "removed": []}
    status = _git(root, "status", "--porcelain", "-z", "--no-renames", "--untracked-files=all", "--", ".") or ""
    for entry in filter(None, status.split("\0")):
        code, file = entry[:2], Path(os.path.relpath(top / entry[3:], root.resolve())).as_posix()
        state = "conflict" if code in _CONFLICTS else "removed" if "D" in code else "written"
        states[state].append(file)
    return {state: sorted(found) for state, found in states.items()}


def _git(folder: Path, *arguments: str) -> str | None:
    """What Git prints; None where it fails."""
    done = subprocess.run(["git", *arguments], cwd=folder, capture_output=True, text=True, check=False)
    return done.stdout if done.returncode == 0 else None
