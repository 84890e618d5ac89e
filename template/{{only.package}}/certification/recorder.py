"""A plugin of pytest: writes the outcome of each test as a line of JSON, as soon as it is known."""

from __future__ import annotations

import json
import os

import pytest

from certification.report import FAILED, NOT_RUN, PASSED

# What pytest calls how a test went, and the report.
OUTCOMES = {"passed": PASSED, "failed": FAILED, "skipped": NOT_RUN}


class Recorder:
    """Collects the phases of a test into one outcome: the worst of setting up, running and tearing down."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._reports: list[pytest.TestReport] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._reports.append(report)
        if report.when == "teardown":
            bad = [one for one in self._reports if not one.passed]
            worst = next((one for one in bad if one.failed), bad[0] if bad else report)
            self._write(report.nodeid, worst, sum(one.duration for one in self._reports))
            self._reports.clear()

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if not report.passed:
            self._write(report.nodeid, report, 0)

    def _write(self, name: str, report: pytest.TestReport | pytest.CollectReport, seconds: float) -> None:
        line = {
            "id": name,
            "outcome": OUTCOMES[report.outcome],
            "seconds": seconds,
            "reason": "" if report.passed else reason_of(report),
            "measured": dict(getattr(report, "user_properties", ())),
        }
        with open(self._path, "a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")


def reason_of(report: pytest.TestReport | pytest.CollectReport) -> str:
    """Why a test did not pass, in one line."""
    if isinstance(report.longrepr, tuple):
        # Of a skipped test: file, line and reason.
        text = report.longrepr[2]
    else:
        crash = getattr(report.longrepr, "reprcrash", None)
        text = crash.message if crash else str(report.longrepr)
    line = " ".join(text.split())
    return line if len(line) <= 600 else f"{line[:300]} … {line[-300:]}"


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(Recorder(os.environ["CERTIFICATION_RECORD"]))
