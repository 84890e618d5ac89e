"""What the command prints: a line for each stage, and at the end a summary or one JSON object."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import sys
import textwrap
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from scaffold_connector.outcome import Outcome

# What stands before a file in the tree, by what became of it; nothing for what was written.
_MARKS = {"conflict": "  (conflict)", "kept": "  (kept)", "removed": "  (removed)"}

_ORPHAN = "The new version has no such file; yours has edits and is kept. Delete it if you have no use for it."


@contextmanager
def stage(title: str) -> Iterator[None]:
    """A line of progress, where a person sees it: on a terminal."""
    if not (sys.stderr.isatty() and sys.stdout.isatty()):
        yield
        return
    started = time.monotonic()
    print(f"{title} ...", end=" ", file=sys.stderr, flush=True)
    try:
        yield
    except BaseException:
        print(file=sys.stderr)
        raise
    print(f"{time.monotonic() - started:.1f} s", file=sys.stderr, flush=True)


def as_json(outcome: Outcome) -> str:
    """One object, as docs/scaffold-connector.schema.json describes it."""
    summary = outcome.summary
    data = {
        "operation": "update" if outcome.update else "make",
        "kind": summary["kind"],
        "placement": summary["placement"],
        "names": summary["names"],
        "package": summary["package"],
        "import_name": summary["import_name"],
        "root": str(outcome.root.resolve()),
        "answers_file": outcome.answers_file,
        "template": {"url": outcome.url, "version": outcome.commit, "before": outcome.before},
        "files": outcome.files,
        "validation": {"valid": not outcome.faults, "faults": outcome.faults},
        "registration": {"edited": outcome.edited, "by_hand": outcome.by_hand},
        "to_edit": [{"file": file, "what": what} for file, what in outcome.edits],
        "next_steps": steps(outcome),
    }
    return json.dumps(data, indent=2, ensure_ascii=False)


def steps(outcome: Outcome) -> list[str]:
    """The next commands, in the order in which they are run, from the folder of the connector."""
    commands = outcome.summary["commands"]
    changed = outcome.files["written"] + outcome.files["conflict"] + outcome.files["removed"]
    if outcome.faults or not changed:
        return []
    if outcome.update:
        marked = [file for file in outcome.files["conflict"] if file not in outcome.orphans]
        first = ["# settle the conflict markers", "git diff --check"] if marked else ["git diff"]
        return [*first, commands["test"], 'git add --all && git commit --message "Update from the template"']
    return [commands["prepare"], commands["test"], commands["run"]]


def as_text(outcome: Outcome) -> str:
    """The closing summary for a person: the files, what to edit, the next commands."""
    names, root = outcome.summary["names"], _shown(outcome)
    done = "updated" if outcome.update else "made"
    lines = [f"{names['title']} is {done}: a {_kind(outcome)} in {root}", ""]
    if outcome.update:
        lines[1:1] = [f"template {outcome.before} -> {outcome.commit}"]
    states = ("written", "conflict", "removed") if outcome.update else ("written", "conflict", "kept")
    files = {file: _MARKS.get(state, "") for state in states for file in outcome.files[state]}
    lines += [root, *_tree(files), ""] if files else ["Nothing has changed.", ""]
    lines += _section(
        "In conflict, to be settled by hand" if outcome.update else "There already, left as it was",
        [(file, _ORPHAN if file in outcome.orphans else "") for file in outcome.files["conflict"]],
    )
    lines += _section("The checkout knows it now", [(line, "") for line in outcome.edited])
    lines += _section("To be registered by hand", [(line, "") for line in outcome.by_hand])
    if not outcome.update:
        lines += _section("To edit", outcome.edits)
    commands = steps(outcome)
    if commands:
        here = outcome.root.resolve() == outcome.root.cwd()
        lines += ["Next:", *([] if here else [f"  cd {shlex.quote(root)}"]), *(f"  {command}" for command in commands)]
    if not outcome.update and outcome.summary["placement"] == "package":
        lines += ["", "Commit what was made: a later `scaffold-connector --update` starts from there."]
    return _printable("\n".join(lines))


def _kind(outcome: Outcome) -> str:
    if outcome.summary["placement"] == "package":
        return f"package, {outcome.summary['package']},"
    return "contribution"


def _shown(outcome: Outcome) -> str:
    near = os.path.relpath(outcome.root)
    return str(outcome.root.resolve()) if near.startswith("..") else near


def _section(title: str, rows: list[tuple[str, str]]) -> list[str]:
    if not rows:
        return []
    width = max(shutil.get_terminal_size((100, 24)).columns, 60)
    lines = [f"{title}:"]
    for file, what in rows:
        lines.append(f"  {file}")
        lines += textwrap.wrap(what, width, initial_indent=" " * 6, subsequent_indent=" " * 6, break_long_words=False)
    return [*lines, ""]


def _tree(files: dict[str, str]) -> list[str]:
    """A tree of paths, with folders that hold one folder only in one line."""
    tree: dict[str, Any] = {}
    for file, mark in files.items():
        *folders, name = file.split("/")
        branch = tree
        for folder in folders:
            branch = branch.setdefault(f"{folder}/", {})
        branch[name + mark] = None

    def lines(branch: dict[str, Any], indent: str) -> Iterator[str]:
        entries = sorted(branch.items(), key=lambda entry: (entry[1] is None, entry[0]))
        for number, (name, below) in enumerate(entries):
            while below and len(below) == 1 and next(iter(below)).endswith("/"):
                ((inner, below),) = below.items()
                name += inner
            last = number == len(entries) - 1
            yield f"{indent}{'└── ' if last else '├── '}{name}"
            if below:
                yield from lines(below, indent + ("    " if last else "│   "))

    return list(lines(tree, ""))


def _printable(text: str) -> str:
    """The text in characters that the terminal or file takes."""
    encoding = sys.stdout.encoding or "utf-8"
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        plain = text.replace("└── ", "`-- ").replace("├── ", "|-- ").replace("│   ", "|   ")
        return plain.encode(encoding, "replace").decode(encoding)
    return text
