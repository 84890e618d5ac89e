"""Makes a connector."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scaffold_connector import template
from scaffold_connector.answers import Answers
from scaffold_connector.arguments import Request
from scaffold_connector.outcome import Outcome, outcome
from scaffold_connector.unfinished import MAKING, Note, alone
from scaffold_connector.worker import Failed, captured, fetch, give, run, unwritten, worker

if TYPE_CHECKING:
    from copier._main import Worker

Stage = Callable[[str], AbstractContextManager[None]]

# What marks the root of an OpenMetadata checkout, for `metadata scaffold-connector` and for the template too.
_CHECKOUT = "openmetadata-spec"

# Stands for the answers file while there is none, so that one that is there for something else is not read.
_NONE = Path(".copier-answers")


def make(request: Request, given: Answers, stage: Stage, ask: bool) -> Outcome:
    """Make a connector from the answers given, or asked for. Raises `Wrong` before anything is written, or `Failed`."""
    from copier import Phase

    origin = template.given(request.template, request.ref) if request.template else template.origin()
    source: dict[str, Any] = {"src_path": origin.url, "vcs_ref": request.ref or origin.ref}
    around = None if request.dest else checkout()
    asked_at = Path(request.dest) if request.dest else around or Path.cwd()
    with worker({}, dst_path=asked_at, answers_file=_NONE, **source) as asker:
        with stage("Fetching the template"):
            fetch(asker, origin.url)
        asker.defaults = not ask
        if not ask:
            with stage("Checking the answers"):
                give(asker, given)
        with Phase.use(Phase.PROMPT):
            asker._ask()
        settled = {
            name: answer
            for name, answer in asker.answers.user.items()
            if name in asker.template.questions_data and name not in asker.answers.hidden
        }
        in_checkout = around is not None and settled["placement"] == "contrib"
        root = asked_at if request.dest or in_checkout else folder(settled["name"], settled["kind"])
        asker.answers_file = None
        if root.exists() and not root.is_dir():
            raise Failed(f"{root}: is no folder")
        note = Note(root, str(asker.answers_relpath))
        files: dict[str, str] = {}
        with ExitStack() as stack:
            try:
                stack.enter_context(alone(root))
                begun = note.begun
                if begun in (MAKING, ""):  # an update is taken back by the next update
                    note.take_back()
                if begun == MAKING:
                    print(f"{root}: took back what a run had written that was stopped half way", file=sys.stderr)
            except OSError as error:
                raise unwritten(error, root) from error
            if (root / asker.answers_relpath).exists():
                raise Failed(
                    f"{root / asker.answers_relpath}: this connector is made already; "
                    "--update brings what is new, and changes answers"
                )
            maker = stack.enter_context(worker(files, note, dst_path=root, data=settled, defaults=True, **source))
            maker.template = asker.template  # fetched once
            return _made(maker, asker, files, note, stage)


def _made(maker: Worker, asker: Worker, files: dict[str, str], note: Note, stage: Stage) -> Outcome:
    root = maker.dst_path

    def work() -> None:
        note.begin(MAKING)
        maker.run_copy()

    with stage("Writing and checking the files"), captured() as said:
        try:
            fault = run(work, root)
        except BaseException:
            with suppress(OSError):  # the next run will
                note.take_back()
            raise
        note.take_back() if fault else note.end()
    if fault:
        files.clear()
    states = ("written", "kept", "conflict", "removed")
    by_state = {state: sorted(file for file, its in files.items() if its == state) for state in states}
    return outcome(asker, root, str(asker.answers_relpath), by_state, said, fault)


def folder(name: str, kind: str) -> Path:
    """Where a connector goes that has no other place, or what else is made."""
    return Path(f"{name.replace('_', '-')}-{kind}")


def checkout() -> Path | None:
    """The root of the OpenMetadata checkout that the working directory is in."""
    here = Path.cwd()
    return next((each for each in (here, *here.parents) if (each / _CHECKOUT).is_dir()), None)
