"""What tests counted with `record_property`: a line for each topic at the end of a run, also of several processes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support import events, kills


def lines(terminalreporter: pytest.TerminalReporter) -> Iterator[str]:
    """The lines; none of a topic whose tests did not run."""
    reports = [report for reports in terminalreporter.stats.values() for report in reports]
    calls = [report for report in reports if getattr(report, "when", "") == "call"]
    properties: list[tuple[str, Any]] = [pair for report in calls for pair in report.user_properties]
    yield from kills.summary(properties)
    yield from events.summary(properties)
    if played := [value for name, value in properties if name == "misbehaviour"]:
        seconds, peak = max(one[2] for one in played), max(one[3] for one in played)
        yield f"{len(played)} misbehaviours of servers and SDKs played: {seconds:.1f} s and {peak >> 20} MiB at most"
    total = Counter[str]()
    for counted in (value for name, value in properties if name == "answer sets"):
        total.update(counted)
    if total:
        text = "{sets} answer sets: {taken} taken and found again in {files} files, {refused} refused in a line"
        yield text.format_map(total)
