"""The report: certification_report.json, which decides, and the same for people as Markdown."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from certification.manifest import ROOT, checks, digest, first_fault, of_real_source

PASSED, FAILED, NOT_RUN = "passed", "failed", "not run"

# What follows from the checks. The tests have a stand-in for the source, which shares what the package takes for granted:
# only a real source shows that it is so.
CERTIFIED, SELF_TEST_PASSED, NOT_CERTIFIED = "certified", "self-test passed", "not certified"


class ReportError(ValueError):
    """A report is missing, not whole, or of something else. The message is one line: file and what is wrong."""


@dataclass(frozen=True)
class Check:
    """A check, how it went and why; `tests` are the outcomes of its tests by their ids."""

    id: str
    title: str
    outcome: str
    reason: str
    tests: dict[str, str]


@dataclass(frozen=True)
class Report:
    """What was shown. All that differs between two runs on the same inputs is in `run`: times and measurements."""

    contract_version: str
    distribution: str
    version: str | None
    kind: str
    service_type: str | None
    status: str
    framework: str | None
    python: str
    source: str | None
    inputs: str
    checks: list[Check]
    run: dict[str, Any]
    path: str
    summary: str

    @property
    def verdict(self) -> str:
        """Certified where every check passed, those of a real source among them; without one it is a self-test."""
        if any(check.outcome != PASSED for check in self.checks):
            return NOT_CERTIFIED
        return CERTIFIED if self.source else SELF_TEST_PASSED

    @property
    def data(self) -> dict[str, Any]:
        """The report as report.schema.json describes it."""
        known = asdict(self)
        del known["path"], known["summary"]
        return {"verdict": self.verdict} | known

    def write(self) -> None:
        """Write both files, each as a whole or not at all."""
        replace(ROOT / self.path, json.dumps(self.data, indent=2, ensure_ascii=False) + "\n")
        replace(ROOT / self.summary, self.text)

    @property
    def text(self) -> str:
        """The report for people."""
        lines = [
            f"# {self.distribution}: {self.verdict}",
            "",
            f"Version {self.version or 'not installed'}, openmetadata-ingestion {self.framework}, "
            f"Python {self.python}, contract {self.contract_version}. "
            f"Source: {self.source or 'the stand-in of the tests'}.",
            "",
            "| Check | Outcome | |",
            "|---|---|---|",
            *(f"| `{one.id}` | {one.outcome} | {cell(one.reason or one.title)} |" for one in self.checks),
            "",
            f"Of {self.run['started_at']}, after {self.run['seconds']} seconds. Inputs: `{self.inputs}`.",
        ]
        return "\n".join(lines) + "\n"


def cell(text: str) -> str:
    """A text in a table of Markdown."""
    return text.replace("|", "\\|").replace("\n", " ")


def replace(path: Path, text: str) -> None:
    """Put a text in place of a file's, or make the file; nobody ever reads a part of it."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        beside.write_text(text, encoding="utf-8")
        os.replace(beside, path)
    finally:
        beside.unlink(missing_ok=True)


def verify(manifest: dict[str, Any]) -> Report:
    """The report as it is on disk. Raises ReportError where it is not one of these inputs, or not whole."""
    name = manifest["evidence"]["report"]
    try:
        data = json.loads((ROOT / name).read_text(encoding="utf-8"))
    except OSError as error:
        raise ReportError(f"{name}: can't be read: {error.strerror}; run python -m certification") from error
    except ValueError as error:
        raise ReportError(f"{name}: is not whole: {error}; run python -m certification again") from error
    if fault := first_fault(data, "report.schema.json"):
        raise ReportError(f"{name}: {fault}; run python -m certification again")
    if data["inputs"] != digest(manifest):
        raise ReportError(f"{name}: is of other files than these; run python -m certification again")
    said = data.pop("verdict")
    data["checks"] = [Check(**check) for check in data["checks"]]
    report = Report(**data, path=name, summary=manifest["evidence"]["summary"])
    asked = {check for check, *_ in checks(manifest)}
    asked |= {f"source.{gate}" for gate in of_real_source(manifest)} if report.source else set()
    missing = asked - {check.id for check in report.checks}
    if missing:
        raise ReportError(f"{name}: has no {min(missing)}; run python -m certification again")
    if said != report.verdict:
        raise ReportError(f"{name}: says {said}, but its checks say {report.verdict}")
    return report
