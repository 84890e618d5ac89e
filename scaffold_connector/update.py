"""Updates a connector to what the template has new."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scaffold_connector import template
from scaffold_connector.answers import Answers, syntax
from scaffold_connector.arguments import Request, Wrong
from scaffold_connector.make import Stage, checkout, folder
from scaffold_connector.outcome import Outcome, outcome
from scaffold_connector.unfinished import MAKING, Note, alone
from scaffold_connector.worker import Failed, captured, fetch, give, need_git, one_line, run, worker

if TYPE_CHECKING:
    from copier._main import Worker

# Answers that say which connector it is: with another one the files are others, and edits can't be merged with them.
_IDENTITY = ("kind", "name", "placement", "service_type")

_STASHED = "an update by scaffold-connector that was stopped half way"

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
    if not root.is_dir():
        raise Failed(f"{root}: is no folder")
    with alone(root):
        note = Note(root, connector.answers_file)
        _resume(root, note)
        return _updated(connector, request, given, note, stage)


def _updated(connector: _Connector, request: Request, given: Answers, note: Note, stage: Stage) -> Outcome:
    root = connector.root
    options: dict[str, Any] = {
        "dst_path": root,
        "answers_file": Path(connector.answers_file),
        "overwrite": True,
        "defaults": True,
    }
    files: dict[str, str] = {}
    before: dict[str, bytes] = {}
    with ExitStack() as stack:
        updater = stack.enter_context(worker(files, note, root, before, vcs_ref=request.ref, **options))
        made = _made(updater, root / connector.answers_file)
        if not made.get("_src_path"):
            raise Failed(f"{root / connector.answers_file}: does not say which template it was made from")
        url = str(made["_src_path"])
        _trust(url, request)
        _clean(root)
        with stage("Fetching the template"):
            fetch(updater, url)
            if not request.ref and _is_ahead(updater, url):
                updater = stack.enter_context(worker(files, note, root, before, vcs_ref="HEAD", **options))
                fetch(updater, url)
        with stage("Checking the answers"):
            _same(given, made, connector.answers_file)
            give(updater, given)
        settled = updater.answers
        with stage("Updating, and checking the files"), captured() as said:
            fault = _update(updater, root, note)
        if fault:
            updater.answers = settled  # Copier has them of an update that ended well only
            said["out"].clear()
        changed = _changes(root)
        orphans = _put_back(root, changed, before)
        note.end()
        named = {file for found in changed.values() for file in found}
        changed["kept"] = sorted(file for file in set(files) - named if os.path.lexists(root / file))
        commit = str(made.get("_commit") or "") or None
        return outcome(updater, root, connector.answers_file, changed, said, fault, commit, orphans)


def _update(updater: Worker, root: Path, note: Note) -> str | None:
    """Have Copier update; gives the fault of a task. After a failure the work tree, which was clean, is as it was.

    Copier writes the new version over the connector, has it checked, and only then merges the edits. Raises `Failed`.
    """
    run(lambda: note.begin(_head(root)), root)
    try:
        fault = run(updater.run_update, root)
    except BaseException:
        _restore(root)
        note.end()
        raise
    if fault:
        _restore(root)
    return fault


def _resume(root: Path, note: Note) -> None:
    """Put away what a run has left that was stopped half way. Raises `Failed`.

    People may have gone on from there, so it goes to Git's stash. Where they have committed, or taken it back
    themselves, there is nothing to do.
    """
    if note.begun == MAKING:
        raise Failed(f"{root}: the run that made this connector was stopped half way: make it again, without --update")
    if note.begun and note.begun == _head(root) and _status(root):
        for command in (["reset", "--quiet"], ["stash", "push", "--quiet", "--include-untracked", "-m", _STASHED]):
            done = _run_git(root, *command, "--", ".")
            if done.returncode:
                raise Failed(f"{root}: has half an update, which Git can't put away: {' '.join(done.stderr.split())}")
        print(f"{root}: put an update that was stopped half way into Git's stash, and begins again", file=sys.stderr)
    note.end()


def _restore(root: Path) -> None:
    """Bring back what is committed below `root`, which was clean, and take away what was made. Raises `Failed`."""
    if fault := _bring_back(root, "."):
        raise Failed(f"{root}: the update failed; run it again when Git can bring back what was there, but: {fault}")
    made = _git(root, "ls-files", "--others", "--exclude-standard", "-z", "--", ".") or ""
    for name in made.split("\0"):
        if not name or name.endswith("/"):  # a repository of its own
            continue
        (root / name).unlink(missing_ok=True)
        with suppress(OSError):  # raised by the first folder that is not empty
            for folder in list(Path(name).parents)[:-1]:
                (root / folder).rmdir()


def _bring_back(root: Path, what: str) -> str:
    """Have Git put back what is committed of a path; gives what it says where it can't."""
    done = _run_git(root, "restore", "--source=HEAD", "--staged", "--worktree", "--", what)
    return " ".join(done.stderr.split()) or "git restore fails" if done.returncode else ""


def _put_back(root: Path, changed: dict[str, list[str]], before: dict[str, bytes]) -> list[str]:
    """Put back removed files that are not as the old version, `before`, made them; they are in conflict from then on.

    Copier removes what the new version has no more, edited or not.
    """
    edited = []
    for file in changed["removed"]:
        committed = subprocess.run(["git", "show", f"HEAD:./{file}"], cwd=root, capture_output=True, check=False)
        if committed.returncode == 0 and committed.stdout != before.get(file):
            if fault := _bring_back(root, f":(literal){file}"):
                raise Failed(
                    f"{root / file}: was edited and is removed by the update; Git can't bring it back: {fault}"
                )
            edited.append(file)
    changed["removed"] = [file for file in changed["removed"] if file not in edited]
    changed["conflict"] = sorted([*changed["conflict"], *edited])
    return edited


def _made(updater: Worker, file: Path) -> dict[str, Any]:
    """The answers that the connector was made with. Raises `Failed` where its answers file has none."""
    import yaml

    try:
        answers = updater.subproject.last_answers
    except yaml.YAMLError as error:
        raise Failed(syntax(str(file), error)) from error
    except (OSError, UnicodeDecodeError) as error:
        raise Failed(f"{file}: can't be read: {one_line(error)}") from error
    except (AttributeError, TypeError, ValueError) as error:
        raise Failed(f"{file}: has no answers, a line `question: answer` for each") from error
    return dict(answers)


def _same(given: Answers, made: Mapping[str, Any], answers_file: str) -> None:
    """Raises `Wrong` with a line for each answer that would make it another connector; those that agree are taken out.

    `made` are the answers that it was made with.
    """
    wrong = []
    for name in _IDENTITY:
        if name in given.values and name in made:
            place = given.places.pop(name)
            if given.values.pop(name) != made[name]:
                wrong.append(f"{place}: {answers_file} is of {made[name]}, which stays")
    if wrong:
        raise Wrong(*wrong)


def _is_ahead(updater: Worker, url: str) -> bool:
    """Whether the connector was made from a commit after the newest release: it goes on with the commits."""
    from plumbum import ProcessExecutionError

    before = updater.subproject.template
    try:
        made, newest = before and before.version, updater.template.version
    except (ProcessExecutionError, ValueError) as error:
        raise Failed(
            f"{template.shown(url)}: has no {before and before.ref} any more, which the connector was made from"
        ) from error
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
            found.setdefault(_name_in(file) or file.name, _Connector(root, file.name))
    name = given.values.get("name")
    if name:
        beside = [
            file for file in Path().glob(f"{folder(str(name), '*')}/.copier-answers.yml") if _name_in(file) == name
        ]
        if name not in found and not dest and len(beside) == 1:
            return _Connector(beside[0].parent, ".copier-answers.yml")
        if name not in found and not dest and beside:
            raise Wrong(f"give --dest: there are {', '.join(sorted(str(file.parent) for file in beside))}")
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
    named = [(get_repo(each) or each).rstrip("/").removesuffix(".git") for each in map(template.shown, (url, known))]
    if named[0] != named[1] and not is_trusted_repository(load_settings().trust, url):
        raise Failed(
            f"the connector was made from {template.shown(url)}, which is not the template of this command: "
            f"give --template {template.shown(url)} to run its code"
        )


def _clean(root: Path) -> None:
    """Raises `Failed` where Git could not take the update back."""
    status = _status(root)
    if status is None:
        raise Failed(f"{root}: is in no Git repository; commit what was made, an update starts from there")
    if status:
        raise Failed(f"{root}: has changes that are not committed; commit or stash them first")


def _status(root: Path) -> str | None:
    # Else it writes what it found into the index, which a full disk has no room for.
    return _git(root, "--no-optional-locks", "status", "--porcelain", "--", ".")


def _head(root: Path) -> str:
    """The commit that the work tree is of; nothing before the first."""
    return (_git(root, "rev-parse", "--verify", "--quiet", "HEAD") or "").strip()


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
    """What Git prints, without running hooks; None where it fails."""
    done = _run_git(folder, *arguments)
    return done.stdout if done.returncode == 0 else None


def _run_git(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = ["git", "-c", f"core.hooksPath={os.devnull}", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
