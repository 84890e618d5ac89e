"""What a probe prints: a table for each list, or one JSON object. What a source said goes out only through `safe`."""

from __future__ import annotations

import json
import os
import shlex
import sys
from collections.abc import Iterator
from dataclasses import replace
from io import StringIO
from typing import Any

from scaffold_connector.probing.report import DOUBT, NOT_ASKED, OK, WRONG, Change, Fix, Line, ListReport, Report
from scaffold_connector.probing.secrets import Secrets, is_secret_name

_COLOURS = {OK: "green", DOUBT: "yellow", WRONG: "bold red", NOT_ASKED: "dim"}

# Columns where nobody sees a terminal, and where a terminal is wider than is good to read.
_PLAIN = 80
_WIDEST = 120


def width() -> int:
    """The columns that there are to print in."""
    try:
        return min(os.get_terminal_size(sys.stdout.fileno()).columns, _WIDEST)
    except (OSError, ValueError):
        return _PLAIN


def safe(report: Report, secrets: Secrets, redact: bool) -> Report:
    """A report in which no secret is left: each text went through `secrets`, and samples are texts."""

    def hidden(line: Line) -> Line:
        name = line.what if not is_secret_name(f"{line.what} {line.says.partition(':')[0]}") else "secret"
        samples = () if redact else tuple(secrets.samples(name, line.samples))
        says = secrets.hide(line.says)
        if redact and line.what == "answers" and line.verdict == WRONG:
            says = says.partition(":")[0] if says[:3].isdigit() else says
        return replace(line, says=says, samples=samples, fixes=tuple(map(fixed, line.fixes)))

    def fixed(fix: Fix) -> Fix:
        return replace(fix, value=secrets.hide(fix.value) if isinstance(fix.value, str) else fix.value)

    def changed(change: Change) -> Change:
        return Change(change.place, secrets.hide(change.before), secrets.hide(change.after))

    return replace(
        report,
        address=secrets.hide(report.address),
        sign_in=[hidden(line) for line in report.sign_in],
        lists=[
            ListReport(one.name, secrets.hide(one.asked), [hidden(line) for line in one.lines]) for one in report.lists
        ],
        changes=[changed(change) for change in report.changes],
        unmade=[secrets.hide(text) for text in report.unmade],
    )


def as_json(report: Report) -> str:
    """One object on a line of its own, as docs/probe.md describes it."""
    data = {
        "source": report.title,
        "address": report.address,
        "requests": {"sent": report.requests, "limit": report.limit},
        "verdict": report.verdict,
        "sign_in": [_line(line) for line in report.sign_in],
        "lists": [
            {
                "name": one.name,
                "request": one.asked,
                "verdict": one.verdict,
                "lines": [_line(line) for line in one.lines],
            }
            for one in report.lists
        ],
        "written": report.written,
        "changes": [{"place": one.place, "before": one.before, "after": one.after} for one in report.changes],
        "not_changed": report.unmade,
    }
    return json.dumps(data, indent=2, ensure_ascii=False, default=str) + "\n"


def _line(line: Line) -> dict[str, Any]:
    data: dict[str, Any] = {"what": line.what, "verdict": line.verdict, "says": line.says}
    data["samples"] = list(line.samples)
    data["fixes"] = [{"at": ".".join(fix.keys), "value": fix.value, "sure": fix.sure} for fix in line.fixes]
    return data


def as_text(report: Report, columns: int, colours: bool | None = None) -> str:
    """Tables for people; with `colours`, or where it is not said, on a terminal."""
    from rich.console import Console

    terminal = sys.stdout.isatty() if colours is None else colours
    into = StringIO()
    console = Console(
        file=into,
        width=columns,
        force_terminal=terminal,
        color_system="standard" if terminal else None,
        no_color="NO_COLOR" in os.environ and colours is None,
        highlight=False,
        emoji=False,
        markup=False,
        legacy_windows=False,
    )
    for piece in _pieces(report):
        console.print(piece)
    encoding = sys.stdout.encoding or "utf-8"
    text = into.getvalue().encode(encoding, "replace").decode(encoding)
    return "\n".join(line.rstrip() for line in text.splitlines()) + "\n"


def _pieces(report: Report) -> Iterator[Any]:
    from rich.table import Table
    from rich.text import Text

    sent = f"{report.requests} of {report.limit} requests"
    yield Text(f"{report.title} at {report.address}: {sent}")
    sections = [("", "", report.sign_in), *((one.name, one.asked, one.lines) for one in report.lists)]
    names = min(22, max((len(line.what) for _, _, lines in sections for line in lines), default=0))
    for name, asked, lines in sections:
        if not lines:
            continue
        yield Text()
        if name:
            yield Text.assemble((name, "bold"), f"  {asked}")
        table = Table(box=None, show_header=False, padding=(0, 2, 0, 0), pad_edge=False, expand=False)
        table.add_column(width=11, no_wrap=True)
        table.add_column(width=names, overflow="fold")
        table.add_column(overflow="fold")
        for line in lines:
            said = Text(line.says)
            if line.samples:
                said.append("\n" + " | ".join(line.samples), "dim")
            table.add_row(Text(f"  {line.verdict}", _COLOURS[line.verdict]), Text(line.what), said)
        yield table
    yield Text()
    yield from _end(report)


def _end(report: Report) -> Iterator[Any]:
    from rich.text import Text

    lines = [line for one in report.lists for line in one.lines] + report.sign_in
    counts = ", ".join(f"{n} {verdict}" for verdict in (OK, DOUBT, WRONG, NOT_ASKED) if (n := _count(lines, verdict)))
    yield Text.assemble(
        ("Nothing is wrong", "green") if report.verdict != WRONG else ("Something is wrong", "bold red"), f": {counts}."
    )
    if report.written:
        yield Text("\nChanged in the answers:")
        for change in report.changes:
            yield Text(f"  {change.place}: {change.before} -> {change.after}")
        yield Text("Probe again: what was hidden behind these shows then.")
    elif report.changes:
        yield Text("\nNothing was written.")
    for text in report.unmade:
        yield Text(f"  not changed: {text}")
    if report.file and not report.written and report.verdict != WRONG:
        yield Text(f"Next, make the connector:\n  scaffold-connector --answers {shlex.quote(report.file)}")
    sure = [fix for _, fix in report.fixes if fix.sure]
    if sure and not report.written and not report.unmade:
        yield Text("--write corrects the answers where the probe is sure.")


def _count(lines: list[Line], verdict: str) -> int:
    return sum(line.verdict == verdict for line in lines)
